"""The limits of the house, each once."""

# Lines of a Swift file or of a script, and where a note is due.
FILE_LINES_MAX = 300
FILE_LINES_NOTE = 250
# Lines of a function, an initializer, a computed property, with its first line and its closing brace.
FUNCTION_LINES_MAX = 60
# Characters of a line of a comment.
COMMENT_LENGTH_MAX = 120
# Swift files that lie side by side in one folder.
FOLDER_FILES_MAX = 25
# A file of fewer lines is a short one. Of each target under Sources at most this share is; a target may always have one.
SHORT_FILE_LINES = 40
SHORT_SHARE_PERCENT_MAX = 22
# The median of the lines of all Swift files under Sources is at least this.
MEDIAN_LINES_MIN = 75
