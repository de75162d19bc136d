"""Cards: the README of every published repo, filled from manifests and nothing else.

A figure that no manifest holds is not on a card. The YAML header goes through huggingface_hub's own
card classes, so that what it says is what the Hub reads.
"""
