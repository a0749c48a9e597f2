-- When a person may be written to: quiet hours, frequency caps; what a template says.
SELECT 1; -- nothing yet
