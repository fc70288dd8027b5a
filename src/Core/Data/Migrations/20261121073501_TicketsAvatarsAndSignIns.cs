using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace BookIT.Core.Data.Migrations
{
    /// <inheritdoc />
    public partial class TicketsAvatarsAndSignIns : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "email_confirmed_at",
                table: "users",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "language",
                table: "users",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "yandex_id",
                table: "users",
                type: "character varying(64)",
                maxLength: 64,
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "attempts",
                table: "notifications",
                type: "integer",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "delivered_at",
                table: "notifications",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "error",
                table: "notifications",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "failed_at",
                table: "notifications",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "email_tokens",
                columns: table => new
                {
                    hash = table.Column<byte[]>(type: "bytea", nullable: false),
                    user_id = table.Column<Guid>(type: "uuid", nullable: false),
                    purpose = table.Column<string>(type: "text", nullable: false),
                    email = table.Column<string>(type: "character varying(254)", maxLength: 254, nullable: false),
                    expires_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("email_tokens_pkey", x => x.hash);
                    table.CheckConstraint("email_tokens_purpose_check", "purpose in ('confirm', 'reset_password')");
                    table.ForeignKey(
                        name: "email_tokens_user_id_fkey",
                        column: x => x.user_id,
                        principalTable: "users",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "space",
                columns: table => new
                {
                    id = table.Column<int>(type: "integer", nullable: false),
                    default_avatar_id = table.Column<Guid>(type: "uuid", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("space_pkey", x => x.id);
                    table.CheckConstraint("space_one_row", "id = 1");
                });

            migrationBuilder.CreateTable(
                name: "tickets",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    user_id = table.Column<Guid>(type: "uuid", nullable: false),
                    reservation_id = table.Column<Guid>(type: "uuid", nullable: true),
                    seat_id = table.Column<Guid>(type: "uuid", nullable: true),
                    theme = table.Column<string>(type: "text", nullable: false),
                    message = table.Column<string>(type: "character varying(4000)", maxLength: 4000, nullable: false),
                    status = table.Column<string>(type: "text", nullable: false),
                    made_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    closed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("tickets_pkey", x => x.id);
                    table.CheckConstraint("tickets_closed_at_check", "(status = 'closed') = (closed_at is not null)");
                    table.CheckConstraint("tickets_status_check", "status in ('active', 'closed')");
                    table.CheckConstraint("tickets_theme_check", "theme in ('failure', 'wish', 'other')");
                    table.ForeignKey(
                        name: "tickets_reservation_id_fkey",
                        column: x => x.reservation_id,
                        principalTable: "reservations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.SetNull);
                    table.ForeignKey(
                        name: "tickets_seat_id_fkey",
                        column: x => x.seat_id,
                        principalTable: "seats",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "tickets_user_id_fkey",
                        column: x => x.user_id,
                        principalTable: "users",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "ticket_messages",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    ticket_id = table.Column<Guid>(type: "uuid", nullable: false),
                    author_id = table.Column<Guid>(type: "uuid", nullable: true),
                    from_support = table.Column<bool>(type: "boolean", nullable: false),
                    text = table.Column<string>(type: "character varying(4000)", maxLength: 4000, nullable: false),
                    made_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("ticket_messages_pkey", x => x.id);
                    table.ForeignKey(
                        name: "ticket_messages_author_id_fkey",
                        column: x => x.author_id,
                        principalTable: "users",
                        principalColumn: "id",
                        onDelete: ReferentialAction.SetNull);
                    table.ForeignKey(
                        name: "ticket_messages_ticket_id_fkey",
                        column: x => x.ticket_id,
                        principalTable: "tickets",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.InsertData(
                table: "space",
                columns: new[] { "id", "default_avatar_id" },
                values: new object[] { 1, null });

            migrationBuilder.CreateIndex(
                name: "users_yandex_id_key",
                table: "users",
                column: "yandex_id",
                unique: true);

            migrationBuilder.AddCheckConstraint(
                name: "users_language_check",
                table: "users",
                sql: "language in ('ru', 'en')");

            migrationBuilder.CreateIndex(
                name: "notifications_mail_pending",
                table: "notifications",
                column: "due_at",
                filter: "kind in ('email_confirmation', 'password_reset') and delivered_at is null and failed_at is null");

            migrationBuilder.CreateIndex(
                name: "email_tokens_by_user",
                table: "email_tokens",
                column: "user_id");

            migrationBuilder.CreateIndex(
                name: "ticket_messages_by_author",
                table: "ticket_messages",
                column: "author_id");

            migrationBuilder.CreateIndex(
                name: "ticket_messages_by_ticket",
                table: "ticket_messages",
                columns: new[] { "ticket_id", "id" });

            migrationBuilder.CreateIndex(
                name: "tickets_by_seat",
                table: "tickets",
                column: "seat_id");

            migrationBuilder.CreateIndex(
                name: "tickets_by_reservation",
                table: "tickets",
                column: "reservation_id");

            migrationBuilder.CreateIndex(
                name: "tickets_by_user",
                table: "tickets",
                columns: new[] { "user_id", "id" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "email_tokens");

            migrationBuilder.DropTable(
                name: "space");

            migrationBuilder.DropTable(
                name: "ticket_messages");

            migrationBuilder.DropTable(
                name: "tickets");

            migrationBuilder.DropIndex(
                name: "users_yandex_id_key",
                table: "users");

            migrationBuilder.DropCheckConstraint(
                name: "users_language_check",
                table: "users");

            migrationBuilder.DropIndex(
                name: "notifications_mail_pending",
                table: "notifications");

            migrationBuilder.DropColumn(
                name: "email_confirmed_at",
                table: "users");

            migrationBuilder.DropColumn(
                name: "language",
                table: "users");

            migrationBuilder.DropColumn(
                name: "yandex_id",
                table: "users");

            migrationBuilder.DropColumn(
                name: "attempts",
                table: "notifications");

            migrationBuilder.DropColumn(
                name: "delivered_at",
                table: "notifications");

            migrationBuilder.DropColumn(
                name: "error",
                table: "notifications");

            migrationBuilder.DropColumn(
                name: "failed_at",
                table: "notifications");
        }
    }
}
