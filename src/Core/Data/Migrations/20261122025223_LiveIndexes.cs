using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace BookIT.Core.Data.Migrations
{
    /// <summary>
    /// Each question has one partial index that can answer it: docs/decisions/live-indexes.md. People book meanwhile, so
    /// that nothing is locked; what a migration that was broken off has left is made anew.
    /// </summary>
    public partial class LiveIndexes : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder) =>
            Replace(
                migrationBuilder,
                byStart: "status in ('future', 'active') and starts_at is not null",
                onePerSlot: "seat_in_use");

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder) =>
            Replace(
                migrationBuilder,
                byStart: "status in ('future', 'active')",
                onePerSlot: "status in ('future', 'active')");

        private static void Replace(MigrationBuilder migrationBuilder, string byStart, string onePerSlot)
        {
            string[] statements =
            [
                "DROP INDEX CONCURRENTLY IF EXISTS new_live_by_start",
                $"""
                CREATE INDEX CONCURRENTLY new_live_by_start ON reservations (starts_at)
                INCLUDE (ends_at, seat_id, status) WHERE {byStart}
                """,
                "DROP INDEX CONCURRENTLY IF EXISTS reservations_live_by_start",
                "ALTER INDEX new_live_by_start RENAME TO reservations_live_by_start",
                "DROP INDEX CONCURRENTLY IF EXISTS new_one_per_slot",
                $"CREATE UNIQUE INDEX CONCURRENTLY new_one_per_slot ON reservations (user_id, slot) WHERE {onePerSlot}",
                "DROP INDEX CONCURRENTLY IF EXISTS reservations_one_per_slot",
                "ALTER INDEX new_one_per_slot RENAME TO reservations_one_per_slot",
            ];
            foreach (var statement in statements)
            {
                migrationBuilder.Sql(statement, suppressTransaction: true);
            }
        }
    }
}
