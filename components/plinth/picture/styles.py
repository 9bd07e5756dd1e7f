"""Colours of a picture. The light ones stand alone: not every viewer knows ``@media``."""

_LIGHT = """
text{font-family:ui-sans-serif,system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif}
.page{fill:#fff}
.head,.title{fill:#1b2430;font-weight:600}
.name{font-weight:400}
.fact{fill:#55606e}
.frame{fill:#f7f9fc;stroke:#8fa1b8;stroke-dasharray:6 4}
.band{fill:#e9eff7}
.band-name{fill:#5d6f86;font-style:italic}
.box{fill:#fff;stroke:#7d8896;stroke-width:1.3}
.box.edge{stroke:#7b4fc9}
.box.compute{stroke:#c96a14}
.box.store{stroke:#2467c9}
.box.secrets{stroke:#b3284f}
.box.watch{stroke:#12807a}
.box.peer{stroke-dasharray:4 3}
.icon{fill:none;stroke:#7d8896;stroke-width:1.5;stroke-linecap:round;stroke-linejoin:round}
.icon.edge{stroke:#7b4fc9}
.icon.compute{stroke:#c96a14}
.icon.store{stroke:#2467c9}
.icon.secrets{stroke:#b3284f}
.icon.watch{stroke:#12807a}
.wire{fill:none;stroke:#4a5563;stroke-width:1.4}
.wire.uses{stroke:#8a94a1;stroke-dasharray:4 3.5}
.dot,.tip{fill:#4a5563}
.dot.uses,.tip.uses{fill:#8a94a1}
.label{fill:#55606e}
.box.added{fill:#e2f6e6;stroke:#1a7f37;stroke-width:2}
.box.changed{fill:#fff5d1;stroke:#9a6700;stroke-width:2}
.box.replaced{fill:#ffe8d6;stroke:#bc4c00;stroke-width:2}
.box.removed{fill:#ffe5e3;stroke:#cf222e;stroke-width:2;stroke-dasharray:5 3}
.frame.added,.wire.added{stroke:#1a7f37}
.frame.changed,.wire.changed{stroke:#9a6700}
.frame.removed,.wire.removed{stroke:#cf222e}
.wire.added,.wire.changed,.wire.removed{stroke-width:2.2}
.tip.added,.dot.added,.label.added{fill:#1a7f37}
.tip.changed,.dot.changed,.label.changed,.note.changed{fill:#9a6700}
.tip.removed,.dot.removed,.label.removed{fill:#cf222e}
.note.replaced{fill:#bc4c00}
.frame.replaced{stroke:#bc4c00}
.note{font-weight:600}
"""

_DARK = """
.page{fill:#0f141b}
.head,.title{fill:#e8edf4}
.fact,.label{fill:#a3afbe}
.frame{fill:#141b25;stroke:#5b6d85}
.band{fill:#1b2635}
.band-name{fill:#8fa3bd}
.box{fill:#101720;stroke:#7f8b9a}
.box.edge,.icon.edge{stroke:#a98bea}
.box.compute,.icon.compute{stroke:#e69a4f}
.box.store,.icon.store{stroke:#6ea6f5}
.box.secrets,.icon.secrets{stroke:#ea7396}
.box.watch,.icon.watch{stroke:#4fc0b8}
.wire{stroke:#aab6c5}
.wire.uses{stroke:#6f7c8c}
.dot,.tip{fill:#aab6c5}
.dot.uses,.tip.uses{fill:#6f7c8c}
.box.added{fill:#10301b;stroke:#3fb950}
.box.changed{fill:#33270a;stroke:#d29922}
.box.replaced{fill:#3b2108;stroke:#f0883e}
.box.removed{fill:#3a1214;stroke:#f85149}
.frame.added,.wire.added{stroke:#3fb950}
.frame.changed,.wire.changed{stroke:#d29922}
.frame.removed,.wire.removed{stroke:#f85149}
.tip.added,.dot.added,.label.added{fill:#3fb950}
.tip.changed,.dot.changed,.label.changed,.note.changed{fill:#d29922}
.tip.removed,.dot.removed,.label.removed{fill:#f85149}
.note.replaced{fill:#f0883e}
.frame.replaced{stroke:#f0883e}
"""

STYLE = f"{_LIGHT}@media (prefers-color-scheme:dark){{{_DARK}}}\n"
"""For a ``style`` element."""
