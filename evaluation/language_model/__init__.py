"""A language model that is asked in chat: the judge of open answers, the translator of questions.

settings   who: an endpoint or a folder, with what may go to it and what it costs
ask        many questions: what is known already, what it will cost, what came of it
endpoint   a server; chat: a model on this machine; replies: what either can say
cache      lines that survive a kill
"""
