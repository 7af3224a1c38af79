"""How a drive behaves with each family of discs: one module and one :class:`Family` for each."""
