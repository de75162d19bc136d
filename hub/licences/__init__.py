"""Licences that compose: what a text says of itself, what may be done with it, and why.

table       each licence and, for every act, allowed / forbidden / unknown, with its obligations
recognise   words found in the wild -> a licence id, or None: unknown is a result, never a guess
evidence    statements of different rank about one document -> one resolved licence, or a conflict
verdict     may this document be in the commercial or the research version of a corpus, and by
            which rule not
"""
