"""Line icons drawn for Hindcast on a 20 by 20 grid; the stroke takes the text's colour."""
# ruff: noqa: E501 (a drawing is one word; breaking it hides its shape)

ICONS = {
    "home": '<path d="M3.5 9 10 3.5 16.5 9v7a.5.5 0 0 1-.5.5h-4V12H8v4.5H4a.5.5 0 0 1-.5-.5Z"/>',
    "matrix": '<path d="M3.5 3.5h13v13h-13ZM3.5 10h13M10 3.5v13"/>',
    "incident": '<path d="M10 3 2.5 16.5h15Z"/><path d="M10 8.5v3.5M10 14.2v.1"/>',
    "change": '<circle cx="5.5" cy="5" r="2"/><circle cx="5.5" cy="15" r="2"/><circle cx="14.5" cy="15" r="2"/>'
    '<path d="M5.5 7v6M14.5 13V8.5a3 3 0 0 0-3-3H9.5m2-2-2 2 2 2"/>',
    "deployment": '<path d="M10 12.5v-9m-3.5 3.5L10 3.5 13.5 7"/><path d="M3.5 12v3a1.5 1.5 0 0 0 1.5 1.5h10a1.5 '
    '1.5 0 0 0 1.5-1.5v-3"/>',
    "lesson": '<path d="M7.5 15.5h5M8.5 17.5h3M7.5 13.5c0-1.5-2.5-2.7-2.5-5.5a5 5 0 0 1 10 0c0 2.8-2.5 4-2.5 5.5Z"/>',
    "shield": '<path d="M10 2.8 4 5v4.6c0 3.6 2.5 6.3 6 7.6 3.5-1.3 6-4 6-7.6V5z"/><path d="m7.5 10 1.8 1.8 3.3-3.6"/>',
    "signal": '<path d="M10 16.5v-5M5 16.5v-2.5M15 16.5V8"/><path d="M3 9.5 8 5l3.5 2.5L17 3"/>',
    "scenario": '<path d="M7.5 3h5M8.5 3v4.5L4 15.3a1 1 0 0 0 .9 1.5h10.2a1 1 0 0 0 .9-1.5L11.5 7.5V3"/><path d="M6.5 '
    '12h7"/>',
    "search": '<circle cx="9" cy="9" r="5"/><path d="m13 13 4 4"/>',
    "plus": '<path d="M10 4.5v11M4.5 10h11"/>',
    "menu": '<path d="M3.5 6h13M3.5 10h13M3.5 14h13"/>',
    "person": '<circle cx="10" cy="7" r="3"/><path d="M4 16.5c.6-3 3-4.5 6-4.5s5.4 1.5 6 4.5"/>',
    "key": '<circle cx="6.5" cy="13.5" r="3"/><path d="m8.7 11.3 7.3-7.3m-2.5 2.5 2.5 2.5"/>',
    "gear": '<circle cx="10" cy="10" r="2.5"/><path d="M10 3v2.5M10 14.5V17M3 10h2.5M14.5 10H17M5.05 5.05l1.77 '
    '1.77M13.18 13.18l1.77 1.77M5.05 14.95l1.77-1.77M13.18 6.82l1.77-1.77"/>',
    "exit": '<path d="M8 3.5H5A1.5 1.5 0 0 0 3.5 5v10A1.5 1.5 0 0 0 5 16.5h3M12.5 6.5 16 10l-3.5 3.5M16 10H8"/>',
    "sun": '<circle cx="10" cy="10" r="3"/><path d="M10 2.5v1.5M10 16v1.5M2.5 10H4M16 10h1.5M4.7 4.7l1 1M14.3 '
    '14.3l1 1M4.7 15.3l1-1M14.3 5.7l1-1"/>',
    "moon": '<path d="M16 12.3A6.5 6.5 0 0 1 7.7 4 6.5 6.5 0 1 0 16 12.3Z"/>',
    "system": '<circle cx="10" cy="10" r="6.5"/><path d="M10 3.5v13a6.5 6.5 0 0 0 0-13Z" fill="currentColor"/>',
    "keyboard": '<rect x="2.5" y="5" width="15" height="10" rx="1.5"/><path d="M5.5 8.2h.1M8.5 8.2h.1M11.5 '
    '8.2h.1M14.5 8.2h.1M6.5 12h7"/>',
    "bell": '<path d="M5.5 13.5V9a4.5 4.5 0 0 1 9 0v4.5l1.5 1.5h-12ZM8.3 17a1.9 1.9 0 0 0 3.4 0M10 4.5V3"/>',
    "mail": '<rect x="3" y="5" width="14" height="10.5" rx="1.5"/><path d="m3.5 6.3 6.5 5 6.5-5"/>',
    "copy": '<rect x="7" y="7" width="9.5" height="9.5" rx="1.5"/><path d="M13 7V5a1.5 1.5 0 0 0-1.5-1.5H5A1.5 1.5 0 0 '
    '0 3.5 5v6.5A1.5 1.5 0 0 0 5 13h2"/>',
    "check": '<path d="m4.5 10.5 3.5 3.5 7.5-8"/>',
    "cross": '<path d="m5.5 5.5 9 9m0-9-9 9"/>',
    "calendar": '<rect x="3" y="4.5" width="14" height="12" rx="1.5"/><path d="M3 8.5h14M7 2.8v3.4M13 2.8v3.4"/>',
    "clock": '<circle cx="10" cy="10" r="6.5"/><path d="M10 6v4l2.7 1.7"/>',
    "star": '<path d="m10 3 2.1 4.5 4.9.6-3.6 3.4.9 4.9L10 14l-4.3 2.4.9-4.9L3 8.1l4.9-.6Z"/>',
    "link": '<path d="M8.5 11.5a3 3 0 0 0 4.3 0l2.7-2.7a3 3 0 0 0-4.3-4.3l-1 1M11.5 8.5a3 3 0 0 0-4.3 0l-2.7 '
    '2.7a3 3 0 0 0 4.3 4.3l1-1"/>',
    "lock": '<rect x="4.5" y="9" width="11" height="7.5" rx="1.5"/><path d="M7 9V6.5a3 3 0 0 1 6 0V9"/>',
    "info": '<circle cx="10" cy="10" r="6.5"/><path d="M10 9.2V13.5M10 6.7v.1"/>',
    "download": '<path d="M10 3.5v9m-3.5-3.5 3.5 3.5 3.5-3.5M3.5 16.5h13"/>',
    "filter": '<path d="M3.5 5h13M6 10h8M8.5 15h3"/>',
    "left": '<path d="m12 5-5 5 5 5"/>',
    "right": '<path d="m8 5 5 5-5 5"/>',
    "down": '<path d="m5 8 5 5 5-5"/>',
    "up": '<path d="m5 12 5-5 5 5"/>',
    "pencil": '<path d="M3.5 16.5v-3l9.7-9.7a1 1 0 0 1 1.4 0l1.6 1.6a1 1 0 0 1 0 1.4L6.5 16.5Z"/>',
    "trash": '<path d="M4 5.5h12M8 5.5v-2h4v2M5.5 5.5l.7 10.1a1 1 0 0 0 1 .9h5.6a1 1 0 0 0 1-.9l.7-10.1"/>',
    # How much of the work was AI's: the disc fills. Unknown is a broken ring, never an empty one.
    "origin-unknown": '<circle cx="10" cy="10" r="6" stroke-dasharray="2.6 2.11"/><path d="M8.4 8.4a1.7 1.7 0 1 1 2.3 '
    '1.6c-.5.2-.7.5-.7 1M10 13v.1"/>',
    "origin-manual": '<circle cx="10" cy="10" r="6"/>',
    "origin-assisted": '<circle cx="10" cy="10" r="6"/><path d="M10 4a6 6 0 0 1 0 12Z" fill="currentColor"/>',
    "origin-autonomous": '<circle cx="10" cy="10" r="6" fill="currentColor"/>',
    # States: an open ring runs, a dot needs somebody, a tick is done, a bar is out of the count.
    "state-alarm": '<circle cx="10" cy="10" r="6" fill="currentColor"/>',
    "state-running": '<circle cx="10" cy="10" r="6"/><circle cx="10" cy="10" r="2.5" fill="currentColor"/>',
    "state-waiting": '<circle cx="10" cy="10" r="6" stroke-dasharray="2.6 2.11"/>',
    "state-held": '<circle cx="10" cy="10" r="6"/><path d="M8.3 7.5v5M11.7 7.5v5"/>',
    "state-done": '<circle cx="10" cy="10" r="6.5"/><path d="m7 10.3 2.2 2.2 4-4.6"/>',
    "state-failed": '<circle cx="10" cy="10" r="6.5"/><path d="m7.7 7.7 4.6 4.6m0-4.6-4.6 4.6"/>',
    "state-out": '<circle cx="10" cy="10" r="6"/><path d="M7 10h6"/>',
}
