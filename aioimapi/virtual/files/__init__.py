"""A disc on the host's file system: the medium file with the sectors and the sidecar with the state."""
