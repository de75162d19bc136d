"""Training: a base model goes in, the same model adapted to a corpus comes out.

    in    a base model (a Hub model, a local folder, or the built-in tiny one) and a corpus artefact
    out   weights, tokenizer and configuration, ready for `from_pretrained`, and the learning curve

    settings    what a release file may say: the tiny model, a training run, a fine-tuning
    tiny        the built-in base: a Qwen3 made from nothing, for laptops and tests
    tokens      documents to token ids, once, in checked memory-mapped shards
    packing     documents to sequences, by name; mixture adds replayed text
    arguments   TRL's `SFTConfig`, with our defaults and its own field names
    system      where it runs, by name; systems/ has the configurations, estimate what it will cost
    pretrain    continual pre-training: the main job, top to bottom; finetune, on examples
    trainer     TRL's trainer, made exact, silent and offline
    weights     loading, gathering, saving; checkpoints, which of them are whole
    launch      several processes, each of which is `python -m training`
    accounting  tokens a second, utilisation, memory, energy; hardware, what GPUs can do

`imprimatur run` calls it; on one process, killed at any moment, the next run ends with the same
bytes.
"""
