"""The drawings. Each module holds one kind; the colours, sizes and text rules are in `style`."""
