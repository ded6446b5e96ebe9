"""Special credit reports (专项信用报告): made, kept, asked after at a counter, shared."""
