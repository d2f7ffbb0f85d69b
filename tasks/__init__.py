"""How one step is done: one package per step, one module per program."""
