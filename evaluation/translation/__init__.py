"""A benchmark in another language: the questions of a task, translated by a language model.

    in    a `tasks` artefact of questions with options, and a translator: an endpoint or a folder
    out   a `tasks` artefact: the same ids, as many options in the same order, the same answers

    settings    what a release file may say
    aligned     is what came back the same question? if not, why
    translate   the whole of it

The translator is never told which option is right. What does not come back aligned is set aside,
by id and reason. `imprimatur run` calls it: a task with `translation`.
"""
