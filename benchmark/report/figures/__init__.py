"""The drawings, one kind per module. Colours, sizes and text rules are in `style`."""
