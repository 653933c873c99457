import mimetypes
mimetypes.types_map['.csv'] = 'text/csv'
