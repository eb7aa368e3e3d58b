"""What can go wrong between a client and the broker, switched on from another port."""
