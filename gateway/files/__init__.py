"""File import: what departments hand in, row by row, and the workbook that goes back."""
