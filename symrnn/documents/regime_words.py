"""The words of a regime, by key: verdicts, scopes, theorems, assumptions, figures. Other languages by catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from symrnn.models.weights.layers import ACTIVATION_ASSUMED
from symrnn.models.weights.loading import ASSUMED_INPUTS, ASSUMED_STACK, NOT_ANALYSED

ENGLISH: Mapping[str, str] = MappingProxyType(
    {
        # headings
        "title": "Regime of {0}",
        "evidence": "Evidence",
        "measured": "Measured",
        "conditions": "Conditions",
        "several": "Regimes",
        # the verdict in one word
        "vanishing": "vanishing",
        "exploding": "exploding",
        "marginal": "marginal",
        "mixed": "mixed",
        "undecided": "undecided",
        "proved": "proved",
        "is measured": "measured",
        # the verdict in a sentence
        "vanishing proved": "The gradient vanishes. Proof: {0}, for {1}.",
        "vanishing measured": "The gradient vanishes, as measured: {0}, {1}. No theorem tried here proves it.",
        "exploding proved": "The gradient explodes. Proof: {0}, for {1}.",
        "exploding measured": "The gradient explodes, as measured: {0}, {1}. No theorem tried here proves it.",
        "marginal proved": "The gradient neither vanishes nor explodes exponentially. Proof: {0}, for {1}.",
        "marginal measured": "The gradient neither vanishes nor explodes, as measured: {0}, {1}.",
        "mixed proved": "The gradient first grows, up to a factor of {2}, and then vanishes. Proof: {0}, for {1}.",
        "mixed measured": "The gradient first grows, up to a factor of {2}, and then vanishes, as measured: {0}, {1}.",
        "undecided measured": "Undecided: no theorem tried here holds, and the measured exponent, {0}, is too near 0.",
        "undecided proved": "Undecided: no theorem tried here holds.",
        "conditional": "It depends on {0}; the conditions below separate the regimes.",
        # rates
        "halves": "It changes by a factor of {0} per step (half-life in steps: {1}).",
        "doubles": "It changes by a factor of {0} per step (doubling time in steps: {1}).",
        "gone": "It is exactly zero from some step on.",
        "bounded above": "For every lag k: {0}.",
        "bounded below": "For every lag k: {0}.",
        "growth": "At the margin the norm grows like k to the power {0}.",
        "growth none": "At the margin the norm stays bounded.",
        "within rounding": "Decided in floating point: the spectral radius is 1 to within {0}.",
        "entered": "The bound holds from step {0} on, where the orbit is near.",
        # what a proof takes for granted
        "assumes": "Assumes: {0}.",
        "bounded slopes": "the step Jacobian is A diag(d) B with |d| at most sup|f'|",
        "slopes from below": "the step Jacobian is A diag(d) B with |d| at least inf|f'|",
        "constant jacobian": "the step Jacobian reads no state and no input",
        "inputs in a box": "inputs stay between the given extremes",
        "start in the box": "the start lies in the box",
        "gate suprema": "f̄, ō, r̄, z̄ are the gates' suprema σ(‖[W x_max, U, b]‖_∞), and φ̄ is tanh of the candidate's; "
        "c̄ and α follow from them",
        "constant input": "the input is held for ever",
        "float orbit": "the orbit up to its entry is that of float64",
        "undriven": "there is no input",
        "mean for limit": "the mean over these steps stands for the limit",
        "no proof": "it proves nothing",
        "not total": "paths through the gates are left out",
        # for whom
        "every": "every input and every state",
        "box": "every input between the given extremes and every state of an invariant box around the start",
        "orbit point": "constant input from the given start, which settles on a fixed point",
        "orbit cycle": "constant input from the given start, which settles on a cycle of period {0}",
        "trajectory": "along the given trajectory, {0} steps",
        "distribution": "inputs of the given distribution",
        # columns
        "condition": "condition",
        "holds": "holds",
        "says": "what it is",
        "source": "source",
        "yes": "yes",
        "no": "no",
        "not checked": "not checked",
        "model": "model",
        "verdict": "verdict",
        "rate": "rate per step",
        "half-life": "half-life",
        "reason": "reason",
        # theorems
        "sigma": "largest singular value times the largest slope: proves vanishing",
        "scaled": "the same after the best diagonal scaling S: proves vanishing, C = κ(S)",
        "sizes": "spectral radius of the sizes: proves vanishing",
        "norm one": "largest column sum: proves vanishing",
        "norm infinity": "largest row sum: proves vanishing",
        "sigma at most one": "no step expands: not exploding",
        "expansion": "smallest singular value times the smallest slope: proves exploding",
        "volume": "volumes grow: proves exploding",
        "volume at least one": "volumes do not shrink: not vanishing",
        "textbook": "the textbook's condition on the spectral radius: decides nothing about a driven network",
        "linear stable": "linear cell, one step Jacobian: its spectral radius decides",
        "linear unstable": "linear cell, one step Jacobian: its spectral radius decides",
        "linear marginal": "linear cell, one step Jacobian: eigenvalues on the unit circle",
        "block norms": "norms of the Jacobian's blocks over an invariant box: proves vanishing",
        "entry sizes": "largest sizes of the Jacobian's entries over an invariant box: proves vanishing",
        "miller hardt": "condition of Miller and Hardt, conservative: one number for each gate",
        "bonassi lstm": "δISS condition of the LSTM, conservative: one number for each gate",
        "bonassi gru": "δISS condition of the GRU, conservative: one number for each gate",
        "attracted": "the orbit enters a ball on which every step contracts: proves vanishing from there",
        "resting": "the orbit is a repelling fixed point: exploding along it",
        "repelling": "a repelling point: decides nothing, orbits leave it",
        "lyapunov": "largest Lyapunov exponent of the full state, by QR",
        # measured figures
        "exponents": "Lyapunov exponents per step: {0} (full state, {1} steps).",
        "largest norm": "Norm of the product: at most {0} on the way, {1} over {2} steps.",
        "memory": "Memory: the gradient falls below 1 % after {0} steps.",
        "memory none": "Memory: the gradient does not fall below 1 % within the lags looked at.",
        "cell path figure": "The cell path alone (the product of the forget gates) keeps {0} per step, memory time {1} "
        "steps; it is not the total derivative.",
        "open": "How open the activations are, mean |f'| over its supremum: {0}.",
        "spectrum": "{0}: {1}; departure from normality {2} of its size.",
        "sum rule": "Self-check: the exponents add up to the mean of log|det| within {0}.",
        "transposed": "Self-check: forward and transposed products differ by {0}, allowed {1}.",
        # conditions
        "where vanishing": "It vanishes, for {1}, where {0}.",
        "where exploding": "It explodes, for {1}, where {0}.",
        "where marginal": "It neither vanishes nor explodes, for {1}, where {0}.",
        "where": "{2}: {0}.",
        "set": "Solved for {0}: {1}.",
        "boundaries": "Solved for {0}: the regimes change where {0} is one of {1}.",
        "undriven orbits": "undriven orbits",
        "orbit zero": "the undriven orbit that starts at h = 0, along which the gradient grows",
        "orbit other": "every undriven orbit that starts elsewhere",
        "held": "inputs that hold the pre-activation near 0",
        "jury": "the inequalities of Schur, Cohn and Jury",
        "jury reversed": "one of Jury's inequalities reversed",
        "at zero": "the slope at h = 0 is the largest",
        "held near zero": "inputs decide",
        "leaves zero": "saturation wins over the weight",
        "fold": "Undriven, with a constant bias, there are three fixed points where it holds and one beyond the fold",
        "needed for explosion": "Needed for an explosion, and not sufficient",
        "cell path": "The cell path alone (not the total derivative), of memory time −1/log f, vanishes where",
        "see": "reason: {0}",
    }
)
"""What can be said of a regime."""

NOTES = (ACTIVATION_ASSUMED, ASSUMED_INPUTS, ASSUMED_STACK, NOT_ANALYSED)
"""What the models of weights files say about themselves."""
