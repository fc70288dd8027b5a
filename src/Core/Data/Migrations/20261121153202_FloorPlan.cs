using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace BookIT.Core.Data.Migrations
{
    /// <inheritdoc />
    public partial class FloorPlan : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<double>(
                name: "floor_plan_height",
                table: "space",
                type: "double precision",
                nullable: true);

            migrationBuilder.AddColumn<Guid>(
                name: "floor_plan_id",
                table: "space",
                type: "uuid",
                nullable: true);

            migrationBuilder.AddColumn<double>(
                name: "floor_plan_width",
                table: "space",
                type: "double precision",
                nullable: true);

            migrationBuilder.AddColumn<double>(
                name: "floor_plan_x",
                table: "space",
                type: "double precision",
                nullable: true);

            migrationBuilder.AddColumn<double>(
                name: "floor_plan_y",
                table: "space",
                type: "double precision",
                nullable: true);

            migrationBuilder.AddCheckConstraint(
                name: "space_floor_plan_lies_somewhere",
                table: "space",
                sql: "num_nonnulls(floor_plan_id, floor_plan_x, floor_plan_y, floor_plan_width, floor_plan_height) in (0, 5)");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropCheckConstraint(
                name: "space_floor_plan_lies_somewhere",
                table: "space");

            migrationBuilder.DropColumn(
                name: "floor_plan_height",
                table: "space");

            migrationBuilder.DropColumn(
                name: "floor_plan_id",
                table: "space");

            migrationBuilder.DropColumn(
                name: "floor_plan_width",
                table: "space");

            migrationBuilder.DropColumn(
                name: "floor_plan_x",
                table: "space");

            migrationBuilder.DropColumn(
                name: "floor_plan_y",
                table: "space");
        }
    }
}
