"""How RELION is asked and understood; the steps that use it say what they want of it."""
