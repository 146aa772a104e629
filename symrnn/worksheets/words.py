"""The words of worksheets, by key: English here, other languages by the catalogue `worksheet`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from symrnn.checking.misconceptions import TABLE
from symrnn.documents.languages import TABLES
from symrnn.languages import translated

DOMAIN = "worksheet"
MISTAKES = "check"
"""The catalogue that translates the sentences of mistakes."""

ENGLISH: Mapping[str, str] = MappingProxyType(
    {
        # headings
        "ws sheet": "Worksheet {0}",
        "ws key": "Key {0}",
        "ws given": "Given",
        "ws forward": "The forward pass",
        "ws bptt": "Back-propagation through time",
        "ws step": "One step, forward and backward",
        "ws jacobian": "Step Jacobians",
        "ws derive": "A derivation",
        "ws blanks": "Fill in what is missing",
        "ws compare": "The simple cell and the LSTM over many steps",
        "ws regime": "Vanishing or exploding",
        "ws spectrum": "Eigenvalues and spectral radius",
        "ws clipping": "Gradient clipping",
        "ws threshold": "The threshold",
        "ws error": "Find the mistake",
        "ws match": "Match formula and name",
        "ws points": "Points",
        "ws mistakes": "What wrong answers tell",
        "ws confusions": "Mistakes that give the same answer",
        "ws silent": "Mistakes that never show",
        # what stands on a sheet
        "ws text": "{0}",
        "ws total": "Together {0} points.",
        "ws name line": "Name: {0}    Student number: {0}",
        "ws student": "For {0}.",
        "ws cell": "The cell: {0}.",
        "ws loss": "The loss: {0}.",
        "ws last": "The last step: {0}.",
        "ws exact": "Every number comes out exactly: write fractions or exact decimals.",
        "ws logarithms": "Every state comes out exactly: {0}. Write fractions; where a logarithm remains in a sum, "
        "four significant digits.",
        "ws rule softmax": "the softmax of logarithms {0} is each {1} divided by the sum of all",
        "ws exact typed": "Every number comes out exactly. Type decimals, with at least six digits where they do not "
        "end.",
        "ws logarithms typed": "Every state comes out exactly: {0}. Compute with fractions and type decimals, with "
        "at least six digits where they do not end.",
        "ws rounded": "Compute with at least six digits and write your answers rounded to four significant digits.",
        "ws forward given": "The forward pass has given these values:",
        "ws ask forward": "Compute every quantity of the forward pass, step by step.",
        "ws ask bptt": "Compute the gradients, from the last step to the first. δ is the gradient with respect to the "
        "argument of an activation.",
        "ws ask regime": "Compute the derivative of the last state with respect to the first. Then decide what the "
        "gradient does as it goes back over more and more steps.",
        "ws ask regime bounded": "Compute the derivative of the last state with respect to the first. Then say what "
        "follows for the gradient, as it goes back over more and more steps, from the bound on the factor of one "
        "step: the absolute value of the recurrent weight times the largest slope of the activation.",
        "ws ask jacobian": "Compute the Jacobian of every step, then their product over the steps, later steps to the "
        "left.",
        "ws ask jacobian one": "Compute the Jacobian of the step.",
        "ws ask jacobian blocks": "Compute the Jacobian of the step, block by block.",
        "ws ask jacobian states": "A derivative with respect to one of {0} holds the others fixed.",
        "ws ask jacobian direct": "The product follows the cell state's own path only; ways through the gates are left "
        "out.",
        "ws ask derive": "Derive {0} from the equations: a formula for every line, from the loss back to the weight. "
        "δ is the gradient with respect to the argument of an activation. Any form of a formula is right; type "
        "it as in W*x_1 - dL/dh_1*h_1^2.",
        "ws ask blanks": "This is the derivation of {0}, from the loss back to the weight. δ is the gradient with "
        "respect to the argument of an activation. Write down what is missing in every line; type formulas as in "
        "W*x_1 - dL/dh_1*h_1^2.",
        "ws reasons": "({0}) Which rule gives each line? {1}",
        "derive reasons": "The reasons stand behind the lines.",
        "rubric derive": "Full points: names for every line what the quantity acts on and the rule (chain rule, "
        "derivative of the activation through its value, sum over all uses of the weight). Half: names the rules "
        "without saying where.",
        "ws ask compare": "The recurrent weight of a simple cell has the absolute value {0}; its activation is {1}, "
        "whose derivative is at most {2}. The forget gate of an LSTM is {3} at every step.",
        "ws ask factors": "Going back one step multiplies the gradient of the simple cell by at most {0}, going back "
        "T steps by at most {1}; along the cell state of the LSTM T steps multiply it by {2}. Compute these factors, "
        "with four significant digits where they are long.",
        "ws ask steps": "After how many steps is the factor below 1/1000 for the first time: {0} in the simple cell, "
        "{1} along the cell state?",
        "ws faster": "({0}) Where does the gradient vanish faster, in the simple cell or in the cell state? {1}",
        "simple cell": "simple cell",
        "cell state": "cell state",
        "compare why": "The factor of one step decides, since it is applied once for each step: {0} is less than {1}.",
        "rubric compare": "Full points: compares the factors of one step and says that they are raised to the number "
        "of steps. Half: compares the values for one number of steps only.",
        "ws ask spectrum": "In a linear recurrence the state is multiplied by the matrix {0} at every step. Compute "
        "its trace {1} and determinant {2}, from them the eigenvalues, the smaller one first, and the spectral radius; "
        "then decide what the gradient does.",
        "ws ask clipping": "The gradient is {0}, the threshold {1}. Compute the norm {2} of the gradient and clip it "
        "both ways.",
        "ws ask both": "{0}: the whole vector by its norm; {1}: every entry by its value.",
        "clipping by value": "An entry above {0} becomes {0}, one below its negative becomes that; any other stays.",
        "ws ask threshold": "A scalar cell: {0} with {1}.",
        "ws ask bound": "What is {0}, the largest absolute value of the activation's derivative? And {1}, the absolute "
        "value of {2} at which the bound on the factor of a step reaches 1?",
        "largest slope tanh": "tanh is steepest at 0, where its slope is 1 minus the square of 0.",
        "largest slope sigmoid": "σ is steepest at 0, where it is 1/2 and its slope 1/2 times 1/2.",
        "largest slope hard_sigmoid": "The hard sigmoid is x/6 + 1/2 between -3 and 3, and constant elsewhere.",
        "largest slope relu": "ReLU is x above 0 and 0 below.",
        "compare count": "{0} is below 1/1000, {1} is not.",
        "ws ask error": "One line of this calculation has a mistake; the lines after it are right but for that. "
        "Which line is it, and what should it be?",
        "ws ask match": "Write the letter of its name behind every formula.",
        "ws match line": "({0}) {1}: {2}",
        "ws match name": "{0}: {1}",
        "match tanh": "derivative of tanh, through its value",
        "match sigma": "derivative of the sigmoid, through its value",
        "match delta": "backward recursion of δ in the simple cell",
        "match share": "one step's share of the recurrent weight's gradient",
        "match step": "step Jacobian of the simple cell",
        "match carry": "cell state of the LSTM",
        "ws verdict": "({0}) As it goes back over many steps the gradient … (vanishes / explodes / does neither): {1}",
        "ws verdict bound": "({0}) By this bound the gradient … (vanishes / explodes / is open): {1}",
        "ws why": "({0}) Why? {1}",
        "ws which line": "({0}) The line with the mistake: {1}",
        "ws right value": "({0}) What it should be: {1}",
        "ws scalars": "Every quantity is a number.",
        "ws scalar states": "The states and the inputs are numbers.",
        "ws mended line": "the mended line",
        "ws worth": "Points for each line: {0}.",
        # answers
        "vanishes": "vanishes",
        "explodes": "explodes",
        "neither": "does neither",
        "open": "is open",
        "rubric regime": "Full points: names the factor of one step, compares its absolute value with 1 and says it "
        "is applied once for each step. Half: compares with 1 only.",
        "regime linear": "Each step multiplies the gradient by the weight {0}, whose absolute value is {1} 1.",
        "regime bounded": "Each step multiplies the gradient by at most the weight's absolute value, {0}, times the "
        "activation's largest slope; that is {1}, less than 1.",
        "regime open": "Each step multiplies the gradient by at most the weight's absolute value, {0}, times the "
        "activation's largest slope; that is {1}, not less than 1: nothing follows.",
        "regime spectrum": "The powers of the matrix grow like the spectral radius {0} to the number of steps.",
        "less": "less than",
        "more": "greater than",
        "exactly": "equal to",
        # key
        "ws all points": "{0}. Together {1}.",
        "ws wrong line": "({0}) {1}: {2}.",
        "ws wrong": "{0} – {1}",
        "ws mistakes text": "A wrong answer in this table comes from this mistake, made once or throughout, every "
        "answer before it right.",
        "ws confusions text": "From the number alone these cannot be told apart.",
        "ws silent text": "With this structure these mistakes give the right number, whatever the values: {0}.",
        # marking
        "mark feedback": "Feedback {0}",
        "mark answers": "Your answers",
        "mark total": "{0} of {1} points.",
        "mark look": "Look again at {0}; what is wrong, and the rule for it, stands there.",
        "mark total person": "{0} of {1} points; for the answers in words a person gives up to {2} more.",
        "mark all right": "Everything is right. Well done.",
        "mark all right so far": "Everything is right so far; the answers in words are still to be read.",
        "mark line": "({0}) {1} Your answer: {2} – {3}",
        "mark line empty": "({0}) {1} {2}",
        "mark both": "{0} {1}",
        "mark right": "Right.",
        "mark follows": "Right with your own values: what came before is carried on, and this line has all its points.",
        "mark method": "The working is right, the number behind it is not what it comes to: half of the points.",
        "mark wrong": "Not right yet.",
        "mark empty": "No answer.",
        "mark unread": "This could not be read as a number.",
        "mark unread formula": "This could not be read as a formula.",
        "mark unread choice": "This could not be read as one of the options.",
        "mark rubric": "To be marked by a person.",
        "mark expected": "The right value is {0}.",
        "mark expected formula": "Right is {0}, in any form.",
        "mark expected choice": "The right option: {0}.",
        "mark instead": "With the right values before it, it is {0}.",
        "mark rule": "The rule: {0}.",
        "mark uses": "It uses {0}.",
        "mark own": "With your own values from before, {0} would have had all the points.",
        "mark maybe": "Exactly this number comes out by a known mistake. {0}",
        "mark maybe formula": "Exactly this formula comes out by a known mistake. {0}",
        "mark or": "Or: {0}",
        "mark no idea": "No known mistake gives this number: go through the arithmetic once more.",
        "mark no idea formula": "No known mistake gives this formula: go through the rules once more.",
        "few exact": "As far as its digits go this is the number: write the fraction, or at least {0} significant "
        "digits.",
        "few rounded": "As far as its digits go this is the number: write {0} significant digits.",
        "unread long": "It has more than 500 characters.",
        "unread many": "It has more than 64 numbers.",
        "unread none": "Write a number, such as -1/8, 0.125 or ln 2.",
        "unread formula": "Write a formula that has a value, such as delta_2*h_1 + delta_1*h_0.",
        "unread cell": "The cell has nothing called {0}.",
        "unread itself": "This is the asked quantity by its own name: write what it is made of.",
        "unread name": "A number is asked for, and {0} is none.",
        "unread several": "A vector stands where one number is asked for.",
        "unread comma": "Write decimals with a point: 0.5, not 0,5.",
        "unread beside": "Two numbers stand side by side: write 5/4, not 1 1/4.",
        "unread date": "A spreadsheet has made a date of this: write the decimal, or '1/2 with the sign before it.",
        "unread day": "This may be the day that a spreadsheet made of a fraction: write the decimal, or '1/2 with the "
        "sign before it.",
        "unread unit": "Write the number alone, without {0}.",
        "wrong shape": "{0} numbers are asked for; there are {1}.",
        "unread choice": "Write one of the options, and only one.",
        "unread percent": "Write a plain number: 0.5, not 50%.",
        "mark class": "Sheets marked: {0}",
        "mark by line": "Full points by line:",
        "mark mistakes": "Mistakes, in how many sheets:",
        "mark mean": "Points: {0} on average, {1} to {2}, of {3}.",
        "mark by hand": "To be marked by a person:",
        "mark person": "Besides, a person gives up to {0} for the answers in words.",
        "mark broken": "Not marked:",
        "mark remarks": "To look at:",
        "mark missing": "Nothing was handed in by:",
        "mark blank": "Came back without any answer: {0}.",
        "mark nothing": "Nothing was filled in.",
        "mark unknown sheet": "{0}: no sheet of this worksheet",
        "mark date sheet": "{0}: a spreadsheet has made a date of the sheet's id: write it with the sign before it, as "
        "in '{1}",
        "mark no line": "{0}: there is no line {1} on this sheet",
        "mark other line": "{0}: line {1} stands beside {2}, and asks for {3}: rows or cells were moved",
        "mark beside": "{0}: in line {1} something stands beside the table, and nothing as answer",
        "mark no answers": "{0}: no answers by line there",
        "mark unreadable": "{0}; write: {1}",
        "mark files": "{0} and {1} more",
        "mark twice": "{0}: handed in twice; the first was marked, from {1}",
        "mark blank twice": "{0}: a sheet without any answer was set aside; the one from {1} was marked",
        "mark incomparable": "{0}: numbers that cannot be compared",
        "mark failed": "{0}: {1}",
        "mark line twice": "{0}: line {1} was answered twice; the first was marked",
        "mark other name": "{0}: the name on it is {1}, whose sheet is {2}; this one is that of {3}",
        "verdict right": "right",
        "verdict follows": "follows",
        "verdict method": "method",
        "verdict wrong": "wrong",
        "verdict empty": "empty",
        "verdict unread": "unread",
        "verdict rubric": "for a person",
        "chart title": "Mistakes by how many sheets have them",
        "chart axis": "Sheets, of {0} marked",
        "count off": "The count is one too large or too small: it is the first number of steps at which the factor is "
        "below 1/1000.",
    }
)
"""Key to English sentence."""

TABLES[DOMAIN] = ENGLISH

NAMES: Mapping[str, str] = MappingProxyType({row.id: row.name for row in TABLE.values()})
"""The names of mistakes, which the catalogue translates as well."""


def name_of(row: str, language: str) -> str:
    """The name of a mistake.

    >>> name_of("R10", "en")
    'the sign of the error'
    """
    return translated(NAMES[row], language, DOMAIN)


def sentences_of(rows: Iterable[str], language: str, formula: bool = False, count: bool = False) -> Iterator[str]:
    """What to say to whoever made one of these mistakes, which give the same number or formula: a sentence for each.

    >>> list(sentences_of(["R10"], "en"))[0][:61]
    'Exactly this number comes out by a known mistake. The derivat'
    """
    sentences = dict.fromkeys(
        # Of a count of steps no step t is spoken.
        word("count off", language) if count and row == "R15" else translated(TABLE[row].sentence, language, MISTAKES)
        for row in rows
    )
    for place, sentence in enumerate(sentences):
        yield word("mark or" if place else "mark maybe formula" if formula else "mark maybe", language, sentence)


def word(key: str, language: str, *about: object) -> str:
    """The words of a key with what they speak of, as plain text.

    >>> word("ws sheet", "en", "2026-017")
    'Worksheet 2026-017'
    """
    text = translated(ENGLISH[key], language, DOMAIN)
    return text.format(*about) if about else text
