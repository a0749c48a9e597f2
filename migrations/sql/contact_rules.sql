-- When a person may be written to (quiet hours, frequency caps), what a template says, and the registry of purposes grown
-- up: what each purpose means, with an example, whether it profiles, whom it may reach, and the law it rests on.
-- A purpose changes only here, in a migration, and every change is a new version.

-- The law that the product speaks of, by law and article. The same for every tenant.
CREATE TABLE legal_references (
    citation text PRIMARY KEY CHECK (citation = law || coalesce(' m.' || article, '')),
    law text NOT NULL,
    article text,
    title_tr text NOT NULL,
    title_en text NOT NULL,
    source text NOT NULL
);
COMMENT ON COLUMN legal_references.source IS 'Where the text is published: number or gazette (RG: Resmî Gazete, the Official Gazette).';
INSERT INTO legal_references (citation, law, article, title_tr, title_en, source)
SELECT law || coalesce(' m.' || article, ''), law, article, title_tr, title_en,
       CASE law WHEN '6698' THEN 'Law 6698, RG 07.04.2016/29677' WHEN '6563' THEN 'Law 6563, RG 05.11.2014/29166'
                WHEN '5809' THEN 'Law 5809, RG 10.11.2008/27050' WHEN '5651' THEN 'Law 5651, RG 23.05.2007/26530'
                WHEN 'Ticari İletişim Yönetmeliği' THEN 'Regulation, RG 15.07.2015/29417'
                WHEN 'Silme Yönetmeliği' THEN 'Regulation, RG 28.10.2017/30224'
                WHEN 'Aydınlatma Tebliği' THEN 'Communiqué, RG 10.03.2018/30356'
                ELSE 'Regulation of the BTK, RG 04.12.2020/31324' END
  FROM (VALUES
    ('6698', '3', 'Tanımlar: açık rıza', 'Definitions: explicit consent'),
    ('6698', '4/2-a', 'Hukuka ve dürüstlük kurallarına uygun olma', 'Lawful and fair'),
    ('6698', '4/2-b', 'Doğru ve gerektiğinde güncel olma', 'Accurate and, where necessary, up to date'),
    ('6698', '4/2-c', 'Belirli, açık ve meşru amaçlar için işlenme', 'Processed for specific, explicit and legitimate purposes'),
    ('6698', '4/2-ç', 'İşlendikleri amaçla bağlantılı, sınırlı ve ölçülü olma', 'Relevant, limited and proportionate to the purpose'),
    ('6698', '4/2-d', 'Gerekli olan süre kadar muhafaza edilme', 'Kept only for as long as necessary'),
    ('6698', '5/1', 'Açık rıza', 'Explicit consent'),
    ('6698', '5/2-a', 'Kanunlarda açıkça öngörülme', 'Expressly foreseen in the laws'),
    ('6698', '5/2-b', 'Fiili imkânsızlık, hayat ve beden bütünlüğü', 'Physical impossibility, life and bodily integrity'),
    ('6698', '5/2-c', 'Sözleşmenin kurulması veya ifası', 'Forming or performing a contract'),
    ('6698', '5/2-ç', 'Veri sorumlusunun hukuki yükümlülüğü', 'Legal obligation of the controller'),
    ('6698', '5/2-d', 'İlgili kişinin kendisi tarafından alenileştirme', 'Made public by the person'),
    ('6698', '5/2-e', 'Bir hakkın tesisi, kullanılması veya korunması', 'Establishing, using or protecting a right'),
    ('6698', '5/2-f', 'Veri sorumlusunun meşru menfaati', 'Legitimate interest of the controller'),
    ('6698', '7', 'Silme, yok etme veya anonim hâle getirme', 'Erasure, destruction or anonymisation'),
    ('6698', '9', 'Yurt dışına aktarılma', 'Transfer abroad'),
    ('6698', '10', 'Aydınlatma yükümlülüğü', 'Duty to inform'),
    ('6698', '11', 'İlgili kişinin hakları', 'Rights of the person'),
    ('6698', '12', 'Veri güvenliğine ilişkin yükümlülükler', 'Duties of data security'),
    ('6563', '2/1-c', 'Ticari elektronik ileti tanımı', 'Definition of a commercial electronic message'),
    ('6563', '5', 'Ticari iletişime ilişkin esaslar', 'Principles of commercial communication'),
    ('6563', '6/1', 'Önceden onay alma şartı', 'Prior approval'),
    ('6563', '6/2', 'Esnaf ve tacirler', 'Artisans and merchants'),
    ('6563', '7/1', 'İçeriğin alınan onaya uygunluğu', 'The content fits the approval'),
    ('6563', '8/1', 'Reddetme hakkı', 'Right to refuse'),
    ('6563', '11/3', 'Kayıtların on yıl saklanması', 'Records are kept for ten years'),
    ('6563', '11/5', 'Sisteme aktarılmayan onayların geçersizliği', 'Approvals that are not in the system are invalid'),
    ('5809', '50', 'Tüketicinin ve son kullanıcının haklarının korunması', 'Protection of consumers and end users'),
    ('5809', '51', 'Kişisel verilerin işlenmesi ve gizliliğin korunması', 'Processing of personal data and confidentiality'),
    ('5651', '5/3', 'Yer sağlayıcının trafik bilgisini saklaması', 'The hosting provider keeps traffic data'),
    ('Ticari İletişim Yönetmeliği', '5', 'Onay alma yükümlülüğü', 'Duty to obtain approval'),
    ('Ticari İletişim Yönetmeliği', '6/1', 'Onay gerektirmeyen iletiler: değişiklik, kullanım, bakım', 'No approval needed: change, use, maintenance'),
    ('Ticari İletişim Yönetmeliği', '6/2', 'Onay gerektirmeyen iletiler: süregelen ilişki, tahsilat, teslimat', 'No approval needed: ongoing relation, collection, delivery'),
    ('Ticari İletişim Yönetmeliği', '8', 'Ticari elektronik iletinin içeriği', 'Content of a commercial message'),
    ('Ticari İletişim Yönetmeliği', '9', 'Reddetme hakkı', 'Right to refuse'),
    ('Ticari İletişim Yönetmeliği', '13', 'Kayıtların saklanması', 'Keeping of records'),
    ('Silme Yönetmeliği', '7', 'Silme işlemleri ve kayıtları', 'Acts of erasure and their records'),
    ('Silme Yönetmeliği', '11', 'Periyodik imha', 'Periodic destruction'),
    ('Aydınlatma Tebliği', '5', 'Aydınlatma ve açık rızanın ayrılığı', 'Notice and consent are separate'),
    ('BTK Kişisel Veri Yönetmeliği', NULL, 'Elektronik haberleşme sektöründe kişisel verilerin işlenmesi',
     'Processing of personal data in the electronic communications sector')
  ) AS r (law, article, title_tr, title_en);

ALTER TABLE purposes
    ADD COLUMN description_tr text NOT NULL DEFAULT '',
    ADD COLUMN description_en text NOT NULL DEFAULT '',
    ADD COLUMN example_tr text,
    ADD COLUMN example_en text,
    ADD COLUMN retention_from text NOT NULL DEFAULT 'basis_ended',
    ADD COLUMN retention_references text[] NOT NULL DEFAULT '{}',
    ADD COLUMN quiet_hours bool NOT NULL DEFAULT false,
    ADD COLUMN frequency_cap bool NOT NULL DEFAULT false,
    ADD COLUMN profiling bool NOT NULL DEFAULT false,
    ADD COLUMN audience text NOT NULL DEFAULT 'recipients';

-- An array takes no foreign key, so this is one: every citation is a legal reference.
CREATE FUNCTION cite_known_law() RETURNS trigger
    LANGUAGE plpgsql SET search_path = toplu, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM unnest(NEW.law_references || NEW.retention_references) AS c (citation)
                WHERE NOT EXISTS (SELECT FROM legal_references AS r WHERE r.citation = c.citation)) THEN
        RAISE EXCEPTION 'purpose % cites a law that is no legal reference', NEW.key USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER cite_known_law BEFORE INSERT OR UPDATE ON purposes FOR EACH ROW EXECUTE FUNCTION cite_known_law();

-- Version 2 of all 24: the same purposes, told in full.
UPDATE purposes AS p
   SET version = p.version + 1,
       description_tr = t.description_tr, description_en = t.description_en,
       example_tr = t.example_tr, example_en = t.example_en,
       retention_from = CASE p.legal_basis WHEN 'kvkk_5_1' THEN 'consent_ended' ELSE 'basis_ended' END,
       retention_references = CASE p.class WHEN 'marketing'
           THEN ARRAY['6563 m.11/3', 'Ticari İletişim Yönetmeliği m.13', '6698 m.7']
           ELSE ARRAY['Ticari İletişim Yönetmeliği m.13', '6698 m.7'] END,
       law_references = p.law_references || CASE p.key
           WHEN 'statutory_retention' THEN ARRAY['5809 m.51', '5651 m.5/3', 'BTK Kişisel Veri Yönetmeliği']
           WHEN 'traffic_management' THEN ARRAY['5651 m.5/3'] ELSE '{}' END,
       quiet_hours = p.class = 'marketing',
       frequency_cap = p.class = 'marketing',
       profiling = p.key IN ('product_matching', 'usage_based_offer')
  FROM (VALUES
    ('service_activation', 'Alınan ürün veya hizmetin kullanıma açılması ve bunun bildirilmesi.',
     'Putting a bought product or service into use, and telling so.',
     'Hattınız etkinleştirildi, kullanmaya başlayabilirsiniz.', 'Your line is active, you can start using it.'),
    ('transaction_execution', 'Kişinin istediği işlemin yürütülmesi ve sonucunun bildirilmesi.',
     'Carrying out what the person asked for, and telling the outcome.',
     'Adres değişikliği talebiniz tamamlandı.', 'Your change of address is done.'),
    ('order_status_notification', 'Siparişin hazırlanma, kargo ve teslimat adımlarının bildirilmesi; tanıtım içermez.',
     'Telling the steps of an order: prepared, shipped, delivered. Nothing is promoted.',
     '1042 numaralı siparişiniz kargoya verildi.', 'Your order 1042 was shipped.'),
    ('new_product_announcement', 'Yeni ürün ve hizmetlerin, onay veren kişilere duyurulması.',
     'Announcing new products and services to people who approved of it.',
     'Yeni sonbahar koleksiyonumuz mağazalarda. İstemiyorsanız RET yazın.', 'Our autumn collection is in the shops. Reply STOP to refuse.'),
    ('product_matching', 'Kişiye en uygun ürünün, verilerinden yola çıkarak belirlenmesi; profilleme içerir, ileti gönderilmez.',
     'Working out from their data which product fits a person best. This is profiling; no message is sent for it.', NULL, NULL),
    ('usage_based_offer', 'Kullanım alışkanlıklarına göre kişiye özel teklif sunulması; profilleme içerir.',
     'Offers made for a person from how they use the service. This is profiling.',
     'Paketinizi sık aşıyorsunuz: size uygun teklifimizi görün. İstemiyorsanız RET yazın.', 'You often exceed your plan: see an offer that fits. Reply STOP to refuse.'),
    ('campaign_information', 'Kampanya ve indirimlerin, onay veren kişilere bildirilmesi.',
     'Telling people who approved of it about campaigns and discounts.',
     'KAMPANYA: bu hafta seçili ürünlerde %20 indirim. İstemiyorsanız RET yazın.', 'CAMPAIGN: 20% off selected products this week. Reply STOP to refuse.'),
    ('product_improvement_analytics', 'Ürün ve hizmetlerin geliştirilmesi için, mümkünse anonim verilerle analiz; ileti gönderilmez.',
     'Analysis to improve products and services, with anonymous data where possible. No message is sent for it.', NULL, NULL),
    ('identity_verification', 'Kişinin kimliğinin tek kullanımlık kodla teyit edilmesi.',
     'Confirming with a one-time code that a person is who they say.',
     'Doğrulama kodunuz: 492817', 'Your verification code: 492817'),
    ('inquiry_complaint_response', 'Kişinin sorusuna veya şikâyetine yanıt verilmesi.',
     'Answering a question or complaint of the person.',
     '77 numaralı şikâyetiniz incelendi, sonucu hesabınızda görebilirsiniz.', 'Your complaint 77 was looked into; see the result in your account.'),
    ('data_security_measures', 'Veri güvenliğinin sağlanması; bir ihlalin ilgili kişiye bildirilmesi.',
     'Keeping data secure, and telling a person about a breach that concerns them.',
     'Hesabınıza yeni bir cihazdan girildi. Siz değilseniz parolanızı değiştirin.', 'A new device signed in to your account. If it was not you, change your password.'),
    ('abuse_prevention', 'Suistimallerin önlenmesi ve tespit edilmesi; ileti yalnız gerektiğinde gönderilir.',
     'Preventing and detecting misuse. A message is sent only where it is needed for that.',
     'Kartınızla olağandışı bir işlem denendi ve durduruldu.', 'An unusual transaction with your card was stopped.'),
    ('regulatory_disclosure', 'Yetkili kurumların istediği bilginin verilmesi; kişiye ileti gönderilmez.',
     'Giving authorities the information they may ask for. No message is sent for it.', NULL, NULL),
    ('statutory_retention', 'Mevzuatın saklanmasını emrettiği abonelik bilgilerinin muhafazası; ileti gönderilmez.',
     'Keeping the subscription data that laws say must be kept. No message is sent for it.', NULL, NULL),
    ('data_consistency_check', 'Kayıtlı bilgilerin doğru ve güncel olup olmadığının sorulması.',
     'Asking whether what is on record is still right.',
     'Teslimat adresiniz hâlâ Moda Caddesi mi? Değilse hesabınızdan güncelleyin.', 'Is your delivery address still Moda Street? If not, update it in your account.'),
    ('service_management', 'Hizmetin yürütülmesi; bakım, kesinti ve değişikliklerin bildirilmesi.',
     'Running the service: telling about maintenance, outages and changes.',
     'Bu gece 02.00-04.00 arasında bakım nedeniyle hizmet verilemeyecektir.', 'Tonight from 2 to 4 the service is down for maintenance.'),
    ('traffic_management', 'Trafiğin ve yükün yönetilmesi; ileti gönderilmez.',
     'Managing traffic and load. No message is sent for it.', NULL, NULL),
    ('marketing_strategy_measurement', 'Kampanya, tarife ve stratejilerin belirlenmesi ve ölçülmesi; ileti gönderilmez.',
     'Planning and measuring campaigns, tariffs and strategy. No message is sent for it.', NULL, NULL),
    ('marketing_communication', 'Pazarlama iletişiminin, onay veren kişilerle yürütülmesi.',
     'Marketing communication with people who approved of it.',
     'TANITIM: yeni tarifelerimizi görün. İstemiyorsanız RET yazın.', 'ADVERTISEMENT: see our new tariffs. Reply STOP to refuse.'),
    ('customer_service', 'Satış sonrası destek ve müşteri hizmetlerinin sunulması.',
     'Support and service for customers.',
     'Servis randevunuz yarın saat 14.00''te.', 'Your service appointment is tomorrow at 2 p.m.'),
    ('satisfaction_survey', 'Memnuniyetin anketle ölçülmesi; marka tanıtımı sayılabileceği için onay aranır.',
     'Measuring satisfaction with a survey. It may promote a brand, so approval is asked for.',
     'Alışverişinizi nasıl buldunuz? 1-5 arası puanlayın. İstemiyorsanız RET yazın.', 'How was your purchase, from 1 to 5? Reply STOP to refuse.'),
    ('financial_reporting', 'Kanunun istediği mali raporların hazırlanması; ileti gönderilmez.',
     'The financial reports that the law requires. No message is sent for it.', NULL, NULL),
    ('legal_follow_up', 'Alacağın takibi ve borcun hatırlatılması; tanıtım içermez.',
     'Pursuing a claim and reminding of a debt. Nothing is promoted.',
     'Ekim ayı faturanızın son ödeme tarihi geçti.', 'Your October bill is overdue.'),
    ('service_optimisation', 'Servislerin başarımının iyileştirilmesi; ileti gönderilmez.',
     'Making services perform better. No message is sent for it.', NULL, NULL)
  ) AS t (key, description_tr, description_en, example_tr, example_en)
 WHERE p.key = t.key;

-- What is said of every purpose from now on. Marketing has quiet hours and caps whatever a later version says.
-- `members` are the customers of this service themselves. A purpose of the service's own can carry no message, so no
-- advertising of ours can reach a tenant's recipients.
ALTER TABLE purposes
    ADD CONSTRAINT purposes_are_described CHECK (description_tr <> '' AND description_en <> ''
        AND (NOT sendable OR num_nulls(example_tr, example_en) = 0)),
    ADD CONSTRAINT purposes_are_kept_from CHECK (retention_from IN ('consent_ended', 'basis_ended')
        AND retention_days > 0 AND cardinality(retention_references) > 0),
    ADD CONSTRAINT purposes_marketing_is_bounded CHECK (class <> 'marketing' OR (quiet_hours AND frequency_cap)),
    ADD CONSTRAINT purposes_profiling_needs_consent CHECK (NOT profiling OR legal_basis = 'kvkk_5_1'),
    ADD CONSTRAINT purposes_of_ours_carry_nothing
        CHECK (audience = 'recipients' OR (audience = 'members' AND NOT sendable)),
    ADD CONSTRAINT purposes_class_fits_category CHECK (NOT sendable OR template_categories = CASE
        WHEN class = 'marketing' THEN ARRAY['marketing']
        WHEN key = 'identity_verification' THEN ARRAY['authentication'] ELSE ARRAY['utility'] END);

CREATE OR REPLACE VIEW purposes_v1 AS SELECT * FROM purposes;

-- A tenant's own rules. NULL: the operator's. They are asked beside the operator's, never instead of them.
CREATE TABLE contact_rules (
    tenant_id uuid PRIMARY KEY REFERENCES tenants,
    time_zone text,
    quiet_from time,
    quiet_until time,
    marketing_per_7_days int CHECK (marketing_per_7_days BETWEEN 1 AND 100),
    marketing_per_30_days int CHECK (marketing_per_30_days BETWEEN 1 AND 100),
    version int NOT NULL DEFAULT 1,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK (num_nulls(quiet_from, quiet_until) <> 1 AND quiet_from <> quiet_until),
    CHECK (time_zone IS NULL OR quiet_from IS NOT NULL)
);
SELECT guard_tenant_rows('contact_rules');

-- The only variables that a tenant's messages for a purpose may carry (Law 6698, article 4/2-ç). No row: no list.
CREATE TABLE purpose_variables (
    tenant_id uuid NOT NULL REFERENCES tenants,
    purpose_id smallint NOT NULL REFERENCES purposes,
    variables text[] NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant_id, purpose_id)
);
SELECT guard_tenant_rows('purpose_variables');

CREATE VIEW purpose_variables_v1 WITH (security_invoker = true) AS
SELECT tenant_id, purpose_id, variables FROM purpose_variables;

-- What a template says beside its body, and whether somebody has to look at it. `not_linted`: registered before the
-- linter was there; it is read before it is next used.
ALTER TABLE templates
    ADD COLUMN header text,
    ADD COLUMN footer text,
    ADD COLUMN buttons text[] NOT NULL DEFAULT '{}',
    ADD COLUMN review text NOT NULL DEFAULT 'not_linted'
        CHECK (review IN ('not_linted', 'not_needed', 'needs_review', 'cleared', 'rejected'));

-- Who looked at a template, and why they decided as they did. Append-only: a later look is another row.
CREATE TABLE template_reviews (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    template_id uuid NOT NULL REFERENCES templates ON DELETE CASCADE,
    template_version int NOT NULL,
    decision text NOT NULL CHECK (decision IN ('cleared', 'rejected')),
    reviewed_by text NOT NULL,
    reason text NOT NULL,
    reviewed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
SELECT guard_tenant_rows('template_reviews');
SELECT make_append_only('template_reviews');
CREATE INDEX template_reviews_template ON template_reviews (template_id, id);

CREATE OR REPLACE VIEW templates_v1 WITH (security_invoker = true) AS
SELECT t.id, t.tenant_id, t.name, t.language, t.category, t.status, t.parameter_format, t.variables, t.version,
       ARRAY(SELECT b.purpose_id FROM template_purposes AS b WHERE b.template_id = t.id ORDER BY 1) AS purpose_ids,
       t.review
  FROM templates AS t;

-- A batch whose window is closed waits as a whole: one row here, and none of its messages is touched.
ALTER TABLE batches
    ADD COLUMN waits_until timestamptz,
    ADD COLUMN waits_for text CHECK (waits_for IN ('quiet_hours')),
    ADD CONSTRAINT batches_wait_for_something CHECK (num_nulls(waits_until, waits_for) <> 1);
CREATE TABLE batch_waits (
    id uuid PRIMARY KEY DEFAULT new_id(),
    tenant_id uuid NOT NULL,
    batch_id uuid NOT NULL REFERENCES batches,
    reason text NOT NULL CHECK (reason IN ('quiet_hours')),
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    until timestamptz NOT NULL
);
SELECT guard_tenant_rows('batch_waits');
SELECT make_append_only('batch_waits');
CREATE INDEX batch_waits_batch ON batch_waits (batch_id, id);

-- A message that would be one too many waits alone.
ALTER TABLE dispatch ADD COLUMN waits_for text CHECK (waits_for IN ('frequency_cap'));
ALTER TABLE delivery_events ADD COLUMN until timestamptz;

-- Commercial messages of the last 30 days, per person: which and when. A claim locks this row, so two claims of one
-- person have one order, and each message counts once however often it is claimed.
CREATE TABLE frequency_counts (
    person_id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    message_ids uuid[] NOT NULL DEFAULT '{}',
    claimed_at timestamptz[] NOT NULL DEFAULT '{}',
    CHECK (cardinality(message_ids) = cardinality(claimed_at))
) WITH (fillfactor = 70);
SELECT guard_tenant_rows('frequency_counts');

GRANT SELECT ON legal_references, purposes_v1 TO toplu_api, toplu_worker;
GRANT SELECT, INSERT, UPDATE ON contact_rules TO toplu_api;
GRANT SELECT ON contact_rules TO toplu_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON purpose_variables TO toplu_api;
GRANT SELECT ON purpose_variables, purpose_variables_v1 TO toplu_api, toplu_worker;
GRANT SELECT, INSERT ON template_reviews TO toplu_api;
GRANT SELECT ON template_reviews TO toplu_worker;
GRANT SELECT, INSERT ON batch_waits TO toplu_worker;
GRANT SELECT ON batch_waits TO toplu_api;
GRANT SELECT, INSERT, UPDATE ON frequency_counts TO toplu_worker;

-- Crossing 3 again: a batch that waits is not due, so nobody is woken for it.
GRANT CREATE ON SCHEMA toplu TO toplu_crossing;
SET LOCAL ROLE toplu_crossing;
CREATE OR REPLACE FUNCTION due_senders_v1()
    RETURNS TABLE (sender_id uuid, tenant_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = toplu, pg_temp AS
$$ SELECT DISTINCT b.sender_id, b.tenant_id
     FROM batches AS b
     JOIN senders AS s ON s.id = b.sender_id AND s.state = 'active'
     LEFT JOIN sender_lines AS l ON l.sender_id = b.sender_id
    WHERE b.state = 'running'
      AND (b.waits_until IS NULL OR b.waits_until <= business_now())
      AND (l.lease_until IS NULL OR l.lease_until < clock_timestamp())
      AND (l.halted_until IS NULL OR l.halted_until < clock_timestamp())
      -- not EXISTS: that would be joined as a set, and read the million rows of a batch that waits, at every look
      AND 1 = (SELECT 1 FROM dispatch AS d
                WHERE d.batch_id = b.id AND d.state = 'queued' AND d.due_at <= clock_timestamp()
                ORDER BY d.due_at LIMIT 1) $$;
SET LOCAL ROLE toplu_owner;
REVOKE CREATE ON SCHEMA toplu FROM toplu_crossing;
