"""The only code that times or weighs anything."""
