"""Merging: models of one family go in, one model that lies between them comes out.

    in    model artefacts and a mergekit configuration that calls them by their artefact names
    out   weights, tokenizer and configuration, ready for `from_pretrained`

    settings    what a release file may say: mergekit's own configuration
    preflight   do these models fit together? answered from configurations and headers alone
    merge       mergekit, in this process, with nothing of this machine left in what it writes

`imprimatur run` calls it; identical parents give identical bytes, whatever the folder.
"""
