"""Question sets and the papers they are asked on."""
