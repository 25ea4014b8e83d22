"""Calls the RevenueCat dialect with the public Python client `revenuecat-client`, unchanged.

usage: check.py BASE_ADDRESS KEY PROJECT_ID CUSTOMER_WITH_A_SUBSCRIPTION_AND_A_PURCHASE
Every answer is read by the client's own models, which fail on a missing member; prints OK at the end.
"""

import sys

from revenuecat_client import AuthenticatedClient, models
from revenuecat_client.api.app import create_app, delete_app, get_app, list_apps, update_app
from revenuecat_client.api.charts_metrics import get_overview_metrics
from revenuecat_client.api.customer import (
    create_customer,
    delete_customer,
    get_customer,
    list_customer_active_entitlements,
    list_customer_aliases,
    list_customer_attributes,
    list_customers,
    list_purchases,
    list_subscriptions,
    set_customer_attributes,
)
from revenuecat_client.api.entitlement import (
    attach_products_to_entitlement,
    create_entitlement,
    delete_entitlement,
    detach_products_from_entitlement,
    get_entitlement,
    get_products_from_entitlement,
    list_entitlements,
    update_entitlement,
)
from revenuecat_client.api.offering import (
    create_offering,
    delete_offering,
    get_offering,
    list_offerings,
    update_offering,
)
from revenuecat_client.api.package import (
    attach_products_to_package,
    create_packages,
    delete_package_from_offering,
    detach_products_from_package,
    get_package,
    get_products_from_package,
    list_packages,
    update_package,
)
from revenuecat_client.api.product import create_product, delete_product, get_product, list_products
from revenuecat_client.api.project import list_projects
from revenuecat_client.api.purchase import get_purchase, list_purchase_entitlements, refund_purchase
from revenuecat_client.api.subscription import (
    cancel_subscription,
    get_subscription,
    list_subscription_entitlements,
    refund_subscription,
)


def main(base, key, project, owner):
    client = AuthenticatedClient(base_url=f"{base}/v2", token=key, raise_on_unexpected_status=True)

    def call(operation, *path, **rest):
        answer = operation.sync(*path, client=client, **rest)
        assert not isinstance(answer, models.Error), f"{operation.__name__}: {answer}"
        assert answer is not None, f"{operation.__name__}: no answer"
        return answer

    projects = call(list_projects)
    assert [one.id for one in projects.items] == [project]

    amazon = models.AmazonAppCreateAmazon(package_name="com.example")
    app = call(
        create_app, project, body=models.AppCreate(name="App", type=models.AppCreateType.AMAZON, amazon=amazon)
    )
    assert call(get_app, project, app.id).amazon.package_name == "com.example"
    assert call(update_app, project, app.id, body=models.UpdateAppBody(name="New")).name == "New"
    assert app.id in [one.id for one in call(list_apps, project, limit=100).items]

    body = models.CreateProductBody(
        store_identifier="monthly", app_id=app.id, type=models.ProductType.SUBSCRIPTION, display_name="Monthly"
    )
    product = call(create_product, project, body=body)
    expand = [models.GetProductExpandItem.APP]
    assert call(get_product, project, product.id, expand=expand).app["id"] == app.id
    expand = [models.ListProductsExpandItem.ITEMS_APP]
    listed = call(list_products, project, app_id=app.id, limit=5, expand=expand)
    assert [one.id for one in listed.items] == [product.id]

    body = models.CreateEntitlementBody(lookup_key="client", display_name="Client")
    entitlement = call(create_entitlement, project, body=body)
    products = models.AttachProductsToEntitlementBody(product_ids=[product.id])
    call(attach_products_to_entitlement, project, entitlement.id, body=products)
    expand = [models.GetEntitlementExpandItem.PRODUCT]
    read = call(get_entitlement, project, entitlement.id, expand=expand)
    assert [one.id for one in read.products.items] == [product.id]
    held = call(get_products_from_entitlement, project, entitlement.id)
    assert [one.id for one in held.items] == [product.id]
    body = models.UpdateEntitlementBody(display_name="Renamed")
    assert call(update_entitlement, project, entitlement.id, body=body).display_name == "Renamed"
    expand = [models.ListEntitlementsExpandItem.ITEMS_PRODUCT]
    assert entitlement.id in [one.id for one in call(list_entitlements, project, limit=100, expand=expand).items]
    products = models.DetachProductsFromEntitlementBody(product_ids=[product.id])
    call(detach_products_from_entitlement, project, entitlement.id, body=products)

    offering = call(
        create_offering, project, body=models.CreateOfferingBody(lookup_key="client", display_name="Client")
    )
    call(update_offering, project, offering.id, body=models.UpdateOfferingBody(is_current=True))
    body = models.CreatePackagesBody(lookup_key="monthly", display_name="Monthly", position=1)
    package = call(create_packages, project, offering.id, body=body)
    association = models.PackageProductIDAssociation(
        product_id=product.id, eligibility_criteria=models.EligibilityCriteria.ALL
    )
    body = models.AttachProductsToPackageBody(products=[association])
    call(attach_products_to_package, project, package.id, body=body)
    sold = call(get_products_from_package, project, package.id)
    assert [one.product.id for one in sold.items] == [product.id]
    expand = [models.GetPackageExpandItem.PRODUCT]
    assert len(call(get_package, project, package.id, expand=expand).products.items) == 1
    body = models.UpdatePackageBody(display_name="Each month")
    assert call(update_package, project, package.id, body=body).display_name == "Each month"
    expand = [models.ListPackagesExpandItem.ITEMS_PRODUCT]
    assert len(call(list_packages, project, offering.id, expand=expand).items) == 1
    expand = [models.GetOfferingExpandItem.PACKAGE_PRODUCT]
    read = call(get_offering, project, offering.id, expand=expand)
    assert read.is_current and len(read.packages.items) == 1
    expand = [models.ListOfferingsExpandItem.ITEMS_PACKAGE]
    assert offering.id in [one.id for one in call(list_offerings, project, limit=100, expand=expand).items]

    attributes = [models.CreateCustomerBodyAttributesItem(name=models.CustomerAttributeReservedName.VALUE_19, value="a@b.example")]
    call(create_customer, project, body=models.CreateCustomerBody(id="client", attributes=attributes))
    attributes = [models.SetCustomerAttributesBodyAttributesItem(name="tier", value="gold")]
    call(set_customer_attributes, project, "client", body=models.SetCustomerAttributesBody(attributes=attributes))
    assert "tier" in [one.name for one in call(list_customer_attributes, project, "client").items]
    expand = [models.GetCustomerExpandItem.ATTRIBUTES]
    assert "tier" in [one.name for one in call(get_customer, project, "client", expand=expand).attributes.items]
    assert [one.id for one in call(list_customer_aliases, project, "client").items] == ["client"]
    assert call(list_customer_active_entitlements, project, "client").items == []
    assert "client" in [one.id for one in call(list_customers, project, limit=1000).items]

    subscription = call(list_subscriptions, project, owner, limit=1).items[0]
    assert call(get_subscription, project, subscription.id).customer_id == owner
    given = call(list_subscription_entitlements, project, subscription.id).items
    assert [one.id for one in given] == [one.id for one in subscription.entitlements.items]
    canceled = call(cancel_subscription, project, subscription.id)
    assert canceled.auto_renewal_status == models.SubscriptionAutoRenewalStatus.WILL_NOT_RENEW
    assert not call(refund_subscription, project, subscription.id).gives_access
    purchase = call(list_purchases, project, owner).items[0]
    assert call(get_purchase, project, purchase.id).status == models.PurchaseStatus.OWNED
    call(list_purchase_entitlements, project, purchase.id)
    assert call(refund_purchase, project, purchase.id).status == models.PurchaseStatus.REFUNDED
    assert len(call(get_overview_metrics, project).metrics) == 7

    body = models.DetachProductsFromPackageBody(product_ids=[product.id])
    call(detach_products_from_package, project, package.id, body=body)
    assert call(delete_package_from_offering, project, package.id).object_ == models.DeletedObjectObject.PACKAGE
    call(delete_offering, project, offering.id)
    call(delete_entitlement, project, entitlement.id)
    call(delete_product, project, product.id)
    call(delete_app, project, app.id)
    call(delete_customer, project, "client")
    missing = get_customer.sync_detailed(project, "client", client=client)
    assert missing.status_code == 404 and missing.parsed is None
    print("OK")


if __name__ == "__main__":
    main(*sys.argv[1:])
