"""What the desk has for assets beside their forms: imports, templates, confirmations, twins, handing over."""
