"""Training: a base model goes in, the same model adapted to a corpus comes out.

    in    a base model (a Hub model, a local folder, or the built-in tiny one) and a corpus artefact
    out   weights, tokenizer and configuration, ready for `from_pretrained`, and the learning curve

    settings    what a release file may say: the tiny model, and a training run
    tiny        the built-in base: a Qwen3 made from nothing, for laptops and tests
    tokens      documents to token ids, one end-of-text each, and the proof that none was lost
    arguments   TRL's `SFTConfig`, with our defaults and its own field names
    pretrain    continual pre-training: the main job, top to bottom
    trainer     TRL's trainer, made exact, silent and offline
    checkpoints which checkpoints are whole, and the last of them

`imprimatur run` calls it; killed at any moment, the next run ends with the same bytes.
"""
