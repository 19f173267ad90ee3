"""Pages for developers of partners' systems: the guide with its examples, and the reference of the API."""
