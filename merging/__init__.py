"""Merging: models of one family go in, one model that lies between them comes out.

    in    model artefacts and a mergekit configuration that calls them by their artefact names
    out   weights, tokenizer and configuration, ready for `from_pretrained`

    settings      what a release file may say: mergekit's own configuration, sweeps, copies
    schedules     the papers' merges, ready-made
    headers       a model by its configuration and safetensors headers; remote: the same on a Hub
    preflight     do these models fit together? answered from those alone
    candidates    a sweep's candidates, in memory; sweep: the front and the choice
    merge         mergekit, in this process, with nothing of this machine left in what it writes
    match         is what mergekit wrote the candidate that was evaluated?
    postflight    is the merge a model, and what did it become beside its parents?
    quantise      smaller copies, with what they cost

`imprimatur run` calls it; identical parents give identical bytes, whatever the folder.
"""
