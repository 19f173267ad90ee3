"""From a referent's file to the registry: columns, cells, values, and what becomes of them."""
