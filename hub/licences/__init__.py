"""Licences that compose: what a text says of itself, what may be done with it, and why.

table       each licence and, for every act, allowed / forbidden / unknown, with its obligations
expression  several licences joined by AND and OR: what they allow together
recognise   words found in the wild -> a licence id, or None: unknown is a result, never a guess;
            with `creative_commons`, and `restrictions` that take back what a name gives
evidence    statements of different rank about one document -> one resolved licence, or a conflict;
            may it be trained on, be published cleaned, in which version, and by which rule not
rights      on what right a source is used, and what people decided or withdrew
compose     what follows for a model;  lineage: the same, composed anew from manifests
audit       anybody's documents, judged one by one;  report: lines and a page about them
leaving     which texts may leave this machine
"""
