-- Write a batch as a draft. The template and purpose versions are pinned here: what is sent is what was checked.
-- In:  id, tenant, sender, template (id, version, name, language, format, variables), purpose (id, version, policy),
--      on_invalid, send_at, expires_at, reference, metadata (JSON text), error_rate (NULL: go on), error_sample, start_late.
-- Out: nothing.
INSERT INTO batches (id, tenant_id, sender_id, template_id, template_version, template_name, template_language,
                     parameter_format, variables, purpose_id, purpose_version, delivery_policy, on_invalid, state,
                     send_at, expires_at, reference, metadata, error_rate, error_sample, start_late)
VALUES (:id, :tenant, :sender, :template, :template_version, :template_name, :template_language, :parameter_format,
        CAST(:variables AS text[]), :purpose, :purpose_version, :delivery_policy, :on_invalid, 'draft', :send_at,
        :expires_at, :reference, CAST(:metadata AS jsonb), :error_rate, :error_sample, :start_late)
