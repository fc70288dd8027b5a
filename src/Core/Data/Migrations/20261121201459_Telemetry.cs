using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace BookIT.Core.Data.Migrations
{
    /// <inheritdoc />
    public partial class Telemetry : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "trace_parent",
                table: "notifications",
                type: "character varying(55)",
                maxLength: 55,
                nullable: true);

            migrationBuilder.CreateIndex(
                name: "tickets_active",
                table: "tickets",
                column: "id",
                filter: "status = 'active'");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "tickets_active",
                table: "tickets");

            migrationBuilder.DropColumn(
                name: "trace_parent",
                table: "notifications");
        }
    }
}
