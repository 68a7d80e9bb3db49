"""The experiments that Chatbot Arena's claims name: each takes a trial and returns its outcome."""
