"""What can be wrong with a template.

Conflict
├── TemplateTaken        409  template_taken
└── ReviewNotNeeded      409  review_not_needed
Invalid
├── CategoryMismatch     422  category_mismatch
└── VariablesInvalid     422  variables_invalid
"""

from app.kit.errors import Conflict, Invalid


class TemplateTaken(Conflict):
    """A template of this name and language is registered already."""

    code = "template_taken"
    title = "Template taken"
    action = "Change the one that is there, or register another language."


class ReviewNotNeeded(Conflict):
    """There is nothing to review: the linter found nothing in this template, or it is a marketing template."""

    code = "review_not_needed"
    title = "Review not needed"


class CategoryMismatch(Invalid):
    """A template of this category may not be sent for this purpose.

    Meta's category has to suit the purpose's class: marketing purposes take `marketing` templates, identity
    verification takes `authentication`, everything else takes `utility`.
    """

    code = "category_mismatch"
    title = "Category mismatch"
    action = "Compare the template's category with template_categories in GET /v1/purposes."


class VariablesInvalid(Invalid):
    """The variables in the body cannot be read.

    They are `{{1}}`, `{{2}}`… without a gap, or `{{lower_case_names}}`; never both in one body.
    """

    code = "variables_invalid"
    title = "Variables invalid"
    action = "Write the body exactly as Meta approved it."
