"""placeholder until the helper's file lands."""
def contributions(program, arrays, given):
    return {}
def step_jacobians(program, arrays, given):
    return {}
