"""What staff fill in to answer a claim."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.models import Order
from referrals.models import Claim


class AnswerField(forms.CharField):
    """The words that the advocate reads."""

    def __init__(self, **options: Any) -> None:
        length = Claim._meta.get_field("answer").max_length
        super().__init__(max_length=length, widget=forms.Textarea(attrs={"rows": 3}), **options)


class OrderField(forms.ModelChoiceField):
    """One of the orders that have the claimed number."""

    def label_from_instance(self, order: Any) -> str:
        """Its number and its shop."""
        return _("%(order)s at %(shop)s") % {"order": order.key, "shop": order.source.name}


class GrantForm(forms.Form):
    """For which order a claim is granted, and what else to say."""

    order = OrderField(Order.objects.none(), label=gettext_lazy("Order"), to_field_name="public_id")
    answer = AnswerField(
        label=gettext_lazy("Words to the advocate"),
        help_text=gettext_lazy("They read that you granted it anyway."),
        required=False,
    )

    def __init__(self, *args: Any, orders: Sequence[Order], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["order"]
        assert isinstance(field, OrderField)
        field.queryset = Order.objects.select_related("source").filter(pk__in=[order.pk for order in orders])
        if len(orders) == 1:
            field.initial, field.widget = orders[0].public_id, forms.HiddenInput()


class DeclineForm(forms.Form):
    """Why a claim is declined."""

    answer = AnswerField(
        label=gettext_lazy("Why not"),
        help_text=gettext_lazy("The advocate reads this in an email and beside their claim."),
    )
