using System;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace BookIT.Core.Data.Migrations
{
    /// <inheritdoc />
    public partial class InitialSchema : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AlterDatabase()
                .Annotation("Npgsql:PostgresExtension:btree_gist", ",,");

            migrationBuilder.CreateTable(
                name: "audit",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    actor_id = table.Column<Guid>(type: "uuid", nullable: false),
                    action = table.Column<string>(type: "text", nullable: false),
                    target_id = table.Column<Guid>(type: "uuid", nullable: false),
                    before = table.Column<string>(type: "jsonb", nullable: true),
                    after = table.Column<string>(type: "jsonb", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("audit_pkey", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "seat_catalog_version",
                columns: table => new
                {
                    id = table.Column<int>(type: "integer", nullable: false),
                    version = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("seat_catalog_version_pkey", x => x.id);
                    table.CheckConstraint("seat_catalog_version_one_row", "id = 1");
                });

            migrationBuilder.CreateTable(
                name: "seats",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    name = table.Column<string>(type: "character varying(100)", maxLength: 100, nullable: false),
                    type = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: false),
                    zone = table.Column<string>(type: "character varying(100)", maxLength: 100, nullable: true),
                    x = table.Column<double>(type: "double precision", nullable: false),
                    y = table.Column<double>(type: "double precision", nullable: false),
                    has_water = table.Column<bool>(type: "boolean", nullable: false),
                    has_kitchen = table.Column<bool>(type: "boolean", nullable: false),
                    has_computer = table.Column<bool>(type: "boolean", nullable: false),
                    has_smart_desk = table.Column<bool>(type: "boolean", nullable: false),
                    is_quiet = table.Column<bool>(type: "boolean", nullable: false),
                    is_talk_room = table.Column<bool>(type: "boolean", nullable: false),
                    deleted_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("seats_pkey", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "users",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    email = table.Column<string>(type: "character varying(254)", maxLength: 254, nullable: false),
                    first_name = table.Column<string>(type: "character varying(100)", maxLength: 100, nullable: false),
                    password_hash = table.Column<string>(type: "text", nullable: true),
                    role = table.Column<string>(type: "text", nullable: false),
                    verified = table.Column<bool>(type: "boolean", nullable: false),
                    telegram_id = table.Column<long>(type: "bigint", nullable: true),
                    avatar_id = table.Column<Guid>(type: "uuid", nullable: true),
                    made_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("users_pkey", x => x.id);
                    table.CheckConstraint("users_role_check", "role in ('user', 'admin')");
                });

            migrationBuilder.CreateTable(
                name: "idempotency_keys",
                columns: table => new
                {
                    user_id = table.Column<Guid>(type: "uuid", nullable: false),
                    key = table.Column<string>(type: "character varying(255)", maxLength: 255, nullable: false),
                    request_hash = table.Column<byte[]>(type: "bytea", nullable: false),
                    answer = table.Column<string>(type: "jsonb", nullable: true),
                    made_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("idempotency_keys_pkey", x => new { x.user_id, x.key });
                    table.ForeignKey(
                        name: "idempotency_keys_user_id_fkey",
                        column: x => x.user_id,
                        principalTable: "users",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "notifications",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    user_id = table.Column<Guid>(type: "uuid", nullable: false),
                    kind = table.Column<string>(type: "text", nullable: false),
                    key = table.Column<string>(type: "text", nullable: false),
                    payload = table.Column<string>(type: "jsonb", nullable: false),
                    due_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    made_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("notifications_pkey", x => x.id);
                    table.ForeignKey(
                        name: "notifications_user_id_fkey",
                        column: x => x.user_id,
                        principalTable: "users",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "reservations",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    user_id = table.Column<Guid>(type: "uuid", nullable: true),
                    seat_id = table.Column<Guid>(type: "uuid", nullable: false),
                    starts_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    ends_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    status = table.Column<string>(type: "text", nullable: false),
                    slot = table.Column<short>(type: "smallint", nullable: false),
                    made_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    checked_in_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    closed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("reservations_pkey", x => x.id);
                    table.CheckConstraint("reservations_interval_check", "ends_at > starts_at and ends_at - starts_at <= interval '7 days'");
                    table.CheckConstraint("reservations_live_has_user", "user_id is not null or not (status in ('future', 'active'))");
                    table.CheckConstraint("reservations_status_check", "status in ('future', 'active', 'closed', 'did_not_come')");
                    table.ForeignKey(
                        name: "reservations_user_id_fkey",
                        column: x => x.user_id,
                        principalTable: "users",
                        principalColumn: "id",
                        onDelete: ReferentialAction.SetNull);
                });

            migrationBuilder.InsertData(
                table: "seat_catalog_version",
                columns: new[] { "id", "version" },
                values: new object[] { 1, 0L });

            migrationBuilder.CreateIndex(
                name: "audit_by_actor",
                table: "audit",
                column: "actor_id");

            migrationBuilder.CreateIndex(
                name: "audit_by_target",
                table: "audit",
                column: "target_id");

            migrationBuilder.CreateIndex(
                name: "idempotency_keys_by_age",
                table: "idempotency_keys",
                column: "made_at");

            migrationBuilder.CreateIndex(
                name: "notifications_by_due",
                table: "notifications",
                column: "due_at");

            migrationBuilder.CreateIndex(
                name: "notifications_by_user",
                table: "notifications",
                column: "user_id");

            migrationBuilder.CreateIndex(
                name: "notifications_key_key",
                table: "notifications",
                column: "key",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "reservations_by_start",
                table: "reservations",
                column: "starts_at");

            migrationBuilder.CreateIndex(
                name: "reservations_by_user",
                table: "reservations",
                columns: new[] { "user_id", "id" });

            migrationBuilder.CreateIndex(
                name: "reservations_live_by_start",
                table: "reservations",
                column: "starts_at",
                filter: "status in ('future', 'active')")
                .Annotation("Npgsql:IndexInclude", new[] { "ends_at", "seat_id", "status" });

            migrationBuilder.CreateIndex(
                name: "reservations_one_per_slot",
                table: "reservations",
                columns: new[] { "user_id", "slot" },
                unique: true,
                filter: "status in ('future', 'active')");

            migrationBuilder.CreateIndex(
                name: "users_email_key",
                table: "users",
                column: "email",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "users_telegram_id_key",
                table: "users",
                column: "telegram_id",
                unique: true);

            // From here on what EF Core cannot say.

            // Two live reservations of a seat never overlap. The name is mapped to a refusal.
            migrationBuilder.Sql(
                """
                ALTER TABLE reservations ADD CONSTRAINT reservations_no_overlap
                    EXCLUDE USING gist (seat_id WITH =, tstzrange(starts_at, ends_at, '[)') WITH &&)
                    WHERE (status IN ('future', 'active'));
                """);

            // Only a seat in use holds live reservations, and a seat that holds some stays in use: a foreign key over a
            // column that is null for reservations that are over. It makes removing a seat and booking it exclude
            // each other without a lock of our own.
            migrationBuilder.Sql(
                """
                ALTER TABLE seats ADD COLUMN in_use boolean NOT NULL GENERATED ALWAYS AS (deleted_at IS NULL) STORED;
                ALTER TABLE seats ADD CONSTRAINT seats_id_in_use_key UNIQUE (id, in_use);
                ALTER TABLE reservations ADD COLUMN seat_in_use boolean
                    GENERATED ALWAYS AS (CASE WHEN status IN ('future', 'active') THEN true END) STORED;
                ALTER TABLE reservations ADD CONSTRAINT reservations_seat_in_use
                    FOREIGN KEY (seat_id, seat_in_use) REFERENCES seats (id, in_use);
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "audit");

            migrationBuilder.DropTable(
                name: "idempotency_keys");

            migrationBuilder.DropTable(
                name: "notifications");

            migrationBuilder.DropTable(
                name: "reservations");

            migrationBuilder.DropTable(
                name: "seat_catalog_version");

            migrationBuilder.DropTable(
                name: "seats");

            migrationBuilder.DropTable(
                name: "users");
        }
    }
}
