"""The conductor: one release file says what is released, and this folder carries it out.

    recipe        the release file: precedence (file, --scale, --set), problems with lines
    schema        its fields;  checks: what no single field shows
    steps         release file -> steps in order, each with what it needs
    run           carries out what is not up to date; artefacts pass between stages here only
    publication   what every repo of the release would contain, to the byte
    rehearse      publishes to a rehearsal Hub and verifies from outside
    plan          what a run would do, and why
    merges        candidates to evaluation and back, chosen merges, smaller copies; `checkpoints`
    gate, claims  what licences and results have to bear out before anything is published
    table         what a release says in a few lines
    lock, starts  what is taken from the Hub, pinned, and known of a model before it is there
    audit, diff, reproduce, withdraw, results, stats, comparison    the other verbs
    cli, verbs    the command `imprimatur`

Only this folder imports the stages.
"""
