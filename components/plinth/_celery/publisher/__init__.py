"""The function that counts tasks: Python 3.13 on Lambda, standard library only."""
