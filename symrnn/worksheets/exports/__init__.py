"""Worksheets for learning platforms: a module each for Moodle XML, GIFT, QTI 2.1 and PrairieLearn."""
