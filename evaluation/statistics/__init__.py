"""How sure is a score, and did it change? Functions of numbers; nothing here reads a file.

intervals   Wilson, bootstrap, standard errors, paired ratios
differences two proportions, paired and unpaired; McNemar; bootstrap by cluster and stratum
families    Holm and Benjamini-Hochberg over a family of tests
groups      weighted and plain means of several tasks
ranks       average ranks, how ties are counted, intervals by draws
"""
