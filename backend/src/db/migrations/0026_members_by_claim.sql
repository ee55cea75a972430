-- Which memberships a claim of the identity provider gave: only these end when the claim no longer has them. Where such a
-- claim was in use, it gave all memberships of the provider's users.

alter table project_members add column by_claim boolean not null default false;
update project_members set by_claim = true from users where users.id = user_id and users.provider = 'oidc';
