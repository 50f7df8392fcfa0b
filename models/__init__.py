"""How a scorer is learnt, judged, promoted and watched; and the simulator. Models means learnt models only."""
