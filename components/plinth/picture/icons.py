"""Signs of what boxes are for: strokes on a square of 18 pixels."""

from .model import Role

ICONS = {
    Role.INTERNET: (
        '<circle cx="9" cy="9" r="7.5"/><ellipse cx="9" cy="9" rx="3.4" ry="7.5"/>'
        '<path d="M1.5 9H16.5"/>'
    ),
    Role.EDGE: '<path d="M9 1.5L15.5 4V9C15.5 13 12.5 15.6 9 16.8C5.5 15.6 2.5 13 2.5 9V4Z"/>',
    Role.COMPUTE: (
        '<rect x="1.5" y="2" width="15" height="6" rx="1.5"/>'
        '<rect x="1.5" y="10" width="15" height="6" rx="1.5"/><path d="M4.5 5H6M4.5 13H6"/>'
    ),
    Role.STORE: (
        '<ellipse cx="9" cy="4" rx="6.5" ry="2.5"/>'
        '<path d="M2.5 4V14C2.5 15.4 5.4 16.5 9 16.5S15.5 15.4 15.5 14V4'
        'M2.5 9C2.5 10.4 5.4 11.5 9 11.5S15.5 10.4 15.5 9"/>'
    ),
    Role.SECRETS: ('<circle cx="6" cy="11.5" r="4"/><path d="M9 8.5L15.5 2M12.5 5L15 7.5"/>'),
    Role.WATCH: '<path d="M1.5 10H5L7.5 4L10.5 14L13 8.5L14 10H16.5"/>',
    Role.PEER: '<rect x="2" y="2" width="14" height="14" rx="3" stroke-dasharray="2.5 2"/>',
    Role.NETWORK: (
        '<rect x="6.5" y="1.5" width="5" height="4"/><rect x="1.5" y="12.5" width="5" height="4"/>'
        '<rect x="11.5" y="12.5" width="5" height="4"/><path d="M9 5.5V9M4 12.5V9H14V12.5"/>'
    ),
    Role.OTHER: '<rect x="2" y="2" width="14" height="14" rx="3"/>',
}
