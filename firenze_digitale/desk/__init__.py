"""The referent's desk: what its pages share, whatever they are about."""
