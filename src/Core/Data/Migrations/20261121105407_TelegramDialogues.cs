using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace BookIT.Core.Data.Migrations
{
    /// <inheritdoc />
    public partial class TelegramDialogues : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "telegram_since",
                table: "users",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "telegram_language",
                table: "users",
                type: "text",
                nullable: true);

            migrationBuilder.AddCheckConstraint(
                name: "users_telegram_language_check",
                table: "users",
                sql: "telegram_language in ('ru', 'en')");

            migrationBuilder.Sql("UPDATE users SET telegram_since = now() WHERE telegram_id IS NOT NULL");

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "moved_at",
                table: "reservations",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "dropped_at",
                table: "notifications",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "retry_at",
                table: "notifications",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "announcements",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    author_id = table.Column<Guid>(type: "uuid", nullable: false),
                    text = table.Column<string>(type: "character varying(1000)", maxLength: 1000, nullable: false),
                    made_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    sent_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    recipients = table.Column<int>(type: "integer", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("announcements_pkey", x => x.id);
                    table.ForeignKey(
                        name: "announcements_author_id_fkey",
                        column: x => x.author_id,
                        principalTable: "users",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "notification_settings",
                columns: table => new
                {
                    user_id = table.Column<Guid>(type: "uuid", nullable: false),
                    muted = table.Column<string[]>(type: "text[]", nullable: false),
                    quiet_from = table.Column<TimeOnly>(type: "time without time zone", nullable: true),
                    quiet_to = table.Column<TimeOnly>(type: "time without time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("notification_settings_pkey", x => x.user_id);
                    table.CheckConstraint("notification_settings_quiet_check", "coalesce(quiet_from <> quiet_to, quiet_from is null and quiet_to is null)");
                    table.ForeignKey(
                        name: "notification_settings_user_id_fkey",
                        column: x => x.user_id,
                        principalTable: "users",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "sign_in_devices",
                columns: table => new
                {
                    user_id = table.Column<Guid>(type: "uuid", nullable: false),
                    hash = table.Column<byte[]>(type: "bytea", nullable: false),
                    seen_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("sign_in_devices_pkey", x => new { x.user_id, x.hash });
                    table.ForeignKey(
                        name: "sign_in_devices_user_id_fkey",
                        column: x => x.user_id,
                        principalTable: "users",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "telegram_prompts",
                columns: table => new
                {
                    chat_id = table.Column<long>(type: "bigint", nullable: false),
                    message_id = table.Column<long>(type: "bigint", nullable: false),
                    purpose = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: false),
                    is_question = table.Column<bool>(type: "boolean", nullable: false),
                    made_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("telegram_prompts_pkey", x => new { x.chat_id, x.message_id });
                });

            migrationBuilder.CreateIndex(
                name: "announcements_by_author",
                table: "announcements",
                column: "author_id");

            migrationBuilder.CreateIndex(
                name: "notifications_failed",
                table: "notifications",
                columns: new[] { "failed_at", "id" },
                filter: "failed_at is not null");

            migrationBuilder.CreateIndex(
                name: "notifications_pending",
                table: "notifications",
                columns: new[] { "due_at", "id" },
                filter: "not (kind in ('email_confirmation', 'password_reset')) and delivered_at is null and failed_at is null and dropped_at is null");

            migrationBuilder.CreateIndex(
                name: "sign_in_devices_by_use",
                table: "sign_in_devices",
                column: "seen_at");

            migrationBuilder.CreateIndex(
                name: "telegram_prompts_by_age",
                table: "telegram_prompts",
                column: "made_at");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "announcements");

            migrationBuilder.DropTable(
                name: "notification_settings");

            migrationBuilder.DropTable(
                name: "sign_in_devices");

            migrationBuilder.DropTable(
                name: "telegram_prompts");

            migrationBuilder.DropIndex(
                name: "notifications_failed",
                table: "notifications");

            migrationBuilder.DropIndex(
                name: "notifications_pending",
                table: "notifications");

            migrationBuilder.DropCheckConstraint(
                name: "users_telegram_language_check",
                table: "users");

            migrationBuilder.DropColumn(
                name: "telegram_language",
                table: "users");

            migrationBuilder.DropColumn(
                name: "telegram_since",
                table: "users");

            migrationBuilder.DropColumn(
                name: "moved_at",
                table: "reservations");

            migrationBuilder.DropColumn(
                name: "dropped_at",
                table: "notifications");

            migrationBuilder.DropColumn(
                name: "retry_at",
                table: "notifications");
        }
    }
}
